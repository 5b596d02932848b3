/* The file that the plugin and the program inside the emulator both map: one counts, the other reads.
 *
 * Both are little-endian, and the file is theirs alone.  Python has the names of the classes in
 * pipeline/core/instructions.py. */
#ifndef DEVICE_RUNNER_COUNTER_FILE_H_
#define DEVICE_RUNNER_COUNTER_FILE_H_

#include <stdint.h>

#define COUNTERS_VARIABLE "PIPELINE_COUNTER"
#define COUNTERS_MARK UINT64_C(0x3153544e554f4349) /* "ICOUNTS1": written by the plugin when it counts */

/* What an instruction does, by the encoding of A64. */
enum {
  CLASS_VECTOR, /* arithmetic on vector registers: SIMD and floating point */
  CLASS_MEMORY, /* loads and stores, of either kind of register */
  CLASS_BRANCH, /* branches, system calls and system registers */
  CLASS_OTHER,  /* integer arithmetic and all else */
  CLASS_COUNT
};

typedef struct {
  uint64_t mark;
  uint64_t executed[CLASS_COUNT]; /* instructions since the start of the process, all its threads */
} counters;

#endif /* DEVICE_RUNNER_COUNTER_FILE_H_ */
