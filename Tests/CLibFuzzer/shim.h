#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library: its own `main` is not used. Source: LLVM, "libFuzzer", section "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
