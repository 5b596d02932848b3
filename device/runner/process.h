/* Clock, cores and memory of this process. */
#ifndef DEVICE_RUNNER_PROCESS_H_
#define DEVICE_RUNNER_PROCESS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t now_ns(void);

/* Binds this process, and all threads that it starts from now on, to the cores.  False with errno set. */
bool pin_process(const int32_t *cores, size_t count);

/* Sleeps until CLOCK_MONOTONIC shows `deadline`, or a signal comes. */
void sleep_until_ns(uint64_t deadline);

/* Resident set now (VmRSS), or 0 where the system does not say. */
uint64_t resident_memory_bytes(void);

/* Peak resident set (VmHWM), or 0 where the system does not say. */
uint64_t peak_memory_bytes(void);

#endif /* DEVICE_RUNNER_PROCESS_H_ */
