#include "platform.h"

#include "list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool append(string_list *list, const char *start, size_t length) {
  char **items = realloc(list->items, (list->count + 1) * sizeof(*items));
  char *copy = malloc(length + 1);
  if (items != NULL) {
    list->items = items;
  }
  if (items == NULL || copy == NULL) {
    free(copy);
    return false;
  }
  memcpy(copy, start, length);
  copy[length] = '\0';
  items[list->count++] = copy;
  return true;
}

bool string_list_split(string_list *list, const char *text, const char *separators) {
  list->items = NULL;
  list->count = 0;
  while (*text != '\0') {
    const size_t length = strcspn(text, separators);
    if (length > 0 && !append(list, text, length)) {
      return false;
    }
    text += length;
    text += strspn(text, separators);
  }
  return true;
}

bool string_list_paths(string_list *list, const char *text, const char *separators) {
  struct stat info;
  if (*text != '\0' && stat(text, &info) == 0) {
    list->items = NULL;
    list->count = 0;
    return append(list, text, strlen(text));
  }
  return string_list_split(list, text, separators);
}

void string_list_free(string_list *list) {
  for (size_t i = 0; i < list->count; ++i) {
    free(list->items[i]);
  }
  free(list->items);
  list->items = NULL;
  list->count = 0;
}

bool parse_int(const char *text, int64_t minimum, int64_t maximum, int64_t *value) {
  char *end = NULL;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || number < minimum || number > maximum) {
    return false;
  }
  *value = number;
  return true;
}

/* Numbers between commas; calls for no empty part. */
static bool parse_numbers(const char *text, int64_t maximum, int64_t *numbers, size_t capacity, size_t *count) {
  *count = 0;
  for (;;) {
    char part[32];
    const size_t length = strcspn(text, ",");
    if (*count == capacity || length >= sizeof(part)) {
      return false;
    }
    memcpy(part, text, length);
    part[length] = '\0';
    if (!parse_int(part, 0, maximum, &numbers[*count])) {
      return false;
    }
    ++*count;
    if (text[length] == '\0') {
      return true;
    }
    text += length + 1;
  }
}

enum { MAX_NUMBERS = 1024 };

bool parse_cores(const char *text, int32_t *cores, size_t capacity, size_t *count) {
  int64_t numbers[MAX_NUMBERS];
  if (!parse_numbers(text, INT32_MAX, numbers, capacity < MAX_NUMBERS ? capacity : MAX_NUMBERS, count)) {
    return false;
  }
  for (size_t i = 0; i < *count; ++i) {
    cores[i] = (int32_t)numbers[i];
  }
  return true;
}

bool parse_shape(const char *text, oh_ai_shape *shape) {
  return parse_numbers(text, INT32_MAX, shape->shape, sizeof(shape->shape) / sizeof(shape->shape[0]),
                       &shape->shape_num);
}
