/* Included first by every source: what glibc and musl must show under -std=c11. */
#ifndef DEVICE_RUNNER_PLATFORM_H_
#define DEVICE_RUNNER_PLATFORM_H_

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* files beyond 2 GiB on 32-bit devices too */
#endif

#if defined(__GNUC__)
#define PRINTF_LIKE(position, first) __attribute__((format(printf, position, first)))
#else
#define PRINTF_LIKE(position, first)
#endif

#endif /* DEVICE_RUNNER_PLATFORM_H_ */
