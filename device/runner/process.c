#include "platform.h"

#include "process.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
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

uint64_t peak_memory_bytes(void) {
  char line[256];
  uint64_t kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
    if (sscanf(line, "VmHWM: %" SCNu64 " kB", &kilobytes) == 1) {
      break;
    }
  }
  if (status != NULL) {
    fclose(status);
  }
  struct rusage usage;
  if (kilobytes == 0 && getrusage(RUSAGE_SELF, &usage) == 0) {
    kilobytes = (uint64_t)usage.ru_maxrss;
  }
  return kilobytes * 1024;
}
