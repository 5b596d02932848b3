/* Lists inside option values: paths, numbers, shapes. */
#ifndef DEVICE_RUNNER_LIST_H_
#define DEVICE_RUNNER_LIST_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oh_ai.h"

typedef struct {
  char **items;
  size_t count;
} string_list;

/* Splits at any byte of `separators`; empty parts are dropped.  False when out of memory. */
bool string_list_split(string_list *list, const char *text, const char *separators);

/* As above, but a text that names an existing file is one item whatever bytes it holds. */
bool string_list_paths(string_list *list, const char *text, const char *separators);

void string_list_free(string_list *list);

/* A whole decimal number, nothing after it. */
bool parse_int(const char *text, int64_t minimum, int64_t maximum, int64_t *value);

/* "0,1,2".  False on anything that is no list of numbers from 0 to INT32_MAX, or more than `capacity`. */
bool parse_cores(const char *text, int32_t *cores, size_t capacity, size_t *count);

/* "1,2,3": up to 32 dimensions, none negative. */
bool parse_shape(const char *text, oh_ai_shape *shape);

#endif /* DEVICE_RUNNER_LIST_H_ */
