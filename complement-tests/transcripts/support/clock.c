/* The wall clock of a process, told by somebody else through a file that both have in memory: two 64-bit numbers, the time
 * of day and the monotonic time at which it was said, both in nanoseconds. From then on it goes as any clock, and stands
 * still shortly before the minute is over, so that a slow machine writes the same times as a fast one.
 *
 * Nothing but the time of day is changed: waits are measured by the monotonic clock. libfaketime does more, and asks the
 * allocator for memory while the allocator of the binary asks for the time.
 *
 * Loaded before everything else (LD_PRELOAD); the file is named by SUITE_CLOCK.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND_NS = 1000000000;
/* How long it goes. */
static const int64_t PASSED_NS_MAX = 50 * SECOND_NS;

static const volatile int64_t *told;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SUITE_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *memory = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) told = memory;
}

int clock_gettime(clockid_t which, struct timespec *now) {
  long failed = syscall(SYS_clock_gettime, which, now);
  if (failed || !told || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)) return (int)failed;
  struct timespec since;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &since);
  int64_t passed = since.tv_sec * SECOND_NS + since.tv_nsec - told[1];
  int64_t at = told[0] + (passed < PASSED_NS_MAX ? passed : PASSED_NS_MAX);
  now->tv_sec = at / SECOND_NS;
  now->tv_nsec = at % SECOND_NS;
  return 0;
}
