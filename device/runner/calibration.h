/* Reference outputs as the official tool reads them: per tensor a line "name rank d0 d1 ...", then a line
 * with all of its elements in row-major order. */
#ifndef DEVICE_RUNNER_CALIBRATION_H_
#define DEVICE_RUNNER_CALIBRATION_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

typedef struct {
  char *name;
  size_t rank;
  int64_t shape[32];
  double *values;
  size_t count;
} reference;

typedef struct {
  reference *items;
  size_t count;
} reference_list;

bool reference_list_read(reference_list *list, const char *path, failure *why);
void reference_list_free(reference_list *list);

#endif /* DEVICE_RUNNER_CALIBRATION_H_ */
