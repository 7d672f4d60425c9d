#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library: its own `main` is not used. Source: LLVM, "libFuzzer", section "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

// Changes `data` in place by libFuzzer's own means; the new size. For `LLVMFuzzerCustomMutator`, which libFuzzer calls when it is there.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t sizeMax);
