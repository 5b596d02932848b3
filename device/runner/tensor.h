/* Reading tensors: types, layouts, elements as numbers. */
#ifndef DEVICE_RUNNER_TENSOR_H_
#define DEVICE_RUNNER_TENSOR_H_

#include <stddef.h>
#include <stdint.h>

#include "runtime.h"

enum { MAX_DIMS = 32 };

/* A copy of what the runtime says of a tensor; `name` is owned. */
typedef struct {
  char *name;
  int dtype;
  int format;
  size_t rank;
  int64_t shape[MAX_DIMS];
  uint64_t size_bytes;
} tensor_facts;

typedef struct {
  tensor_facts *items;
  size_t count;
} tensor_list;

const char *dtype_name(int dtype);   /* "float32" ..., "unknown" */
size_t dtype_size(int dtype);        /* bytes of an element, 0 when unknown */
const char *format_name(int format); /* "NHWC" ..., "unknown" */

/* Element `index` as a number; 0 for types that hold none. */
double element_value(const void *data, int dtype, size_t index);

/* How many of the elements are nan or infinite. */
size_t count_non_finite(const void *data, int dtype, size_t size_bytes);

uint16_t half_from_float(float value);

/* False when out of memory. */
bool tensor_list_read(tensor_list *list, const runtime *rt, oh_ai_tensors tensors);
void tensor_list_free(tensor_list *list);

#endif /* DEVICE_RUNNER_TENSOR_H_ */
