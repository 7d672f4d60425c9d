// Tells the thread sanitizer what Swift's Mutex does where it cannot look. Preloaded by `.ci/sanitize thread`; never part of the product.
//
// On Linux, Mutex is a futex. Its fast path is inlined into our code, so the sanitizer sees those atomics. As soon as two threads want the
// lock at once, it calls `_MutexHandle._lockSlow` and `_unlockSlow`, which live in libswiftSynchronization.so: no instrumentation there, and
// with FUTEX_LOCK_PI it is the kernel that changes hands. The sanitizer then sees two threads touch the protected value with nothing
// between them, and reports a race that is none.
//
// Here these two functions do what they always do, and say it: a lock acquires what the last unlock released. Nothing is suppressed: who
// touches a value without the lock is reported as before, which the planted race beside a lock proves (`PlantedTests`).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// Absent in programs without the sanitizer, `swift test` itself for one.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
// `self` is the handle, whose only member is the atomic word: the address that the fast path synchronises on.
#define SELF __attribute__((swift_context)) void *self
typedef __attribute__((swiftcall)) void (*Lock)(uint32_t thread, SELF);
typedef __attribute__((swiftcall)) void (*Unlock)(SELF);

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

__attribute__((swiftcall)) void lockSlow(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void lockSlow(uint32_t thread, SELF) {
  static Lock own;
  if (!own) own = (Lock)next(LOCK);
  own(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

__attribute__((swiftcall)) void unlockSlow(SELF) __asm__(UNLOCK);
__attribute__((swiftcall)) void unlockSlow(SELF) {
  static Unlock own;
  if (!own) own = (Unlock)next(UNLOCK);
  if (__tsan_release) __tsan_release(self);
  own(self);
}
