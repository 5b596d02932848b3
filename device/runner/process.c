#include "platform.h"

#include "process.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool pin_process(const int32_t *cores, size_t count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < count; ++i) {
    if (cores[i] >= CPU_SETSIZE) {
      errno = EINVAL;
      return false;
    }
    CPU_SET((size_t)cores[i], &set);
  }
  return sched_setaffinity(0, sizeof(set), &set) == 0;
}

void sleep_until_ns(uint64_t deadline) {
  struct timespec when;
  when.tv_sec = (time_t)(deadline / UINT64_C(1000000000));
  when.tv_nsec = (long)(deadline % UINT64_C(1000000000));
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

/* A size that /proc/self/status tells, or 0. */
static uint64_t status_bytes(const char *key) {
  char line[256];
  uint64_t kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && kilobytes == 0 && fgets(line, sizeof(line), status) != NULL) {
    if (strncmp(line, key, strlen(key)) == 0) {
      kilobytes = strtoull(line + strlen(key), NULL, 10);
    }
  }
  if (status != NULL) {
    fclose(status);
  }
  return kilobytes * 1024;
}

uint64_t resident_memory_bytes(void) { return status_bytes("VmRSS:"); }

uint64_t peak_memory_bytes(void) {
  struct rusage usage;
  const uint64_t peak = status_bytes("VmHWM:");
  if (peak == 0 && getrusage(RUSAGE_SELF, &usage) == 0) {
    return (uint64_t)usage.ru_maxrss * 1024;
  }
  return peak;
}
