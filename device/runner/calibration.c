#include "platform.h"

#include "calibration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "list.h"

static bool bad(failure *why, const char *path, const char *what) {
  return fail(why, "input", -1, "Read calib data error -1: %s: %s", path, what);
}

static reference *append(reference_list *list) {
  reference *items = realloc(list->items, (list->count + 1) * sizeof(*items));
  if (items == NULL) {
    return NULL;
  }
  list->items = items;
  memset(&items[list->count], 0, sizeof(*items));
  return &items[list->count++];
}

/* "name rank d0 d1 ..." */
static bool parse_header(reference *item, const string_list *words) {
  int64_t number = 0;
  if (words->count < 2 || !parse_int(words->items[1], 0, 32, &number) || words->count != (size_t)number + 2) {
    return false;
  }
  item->rank = (size_t)number;
  item->count = 1;
  for (size_t i = 0; i < item->rank; ++i) {
    if (!parse_int(words->items[i + 2], 1, INT32_MAX, &item->shape[i]) ||
        item->count > SIZE_MAX / 16 / (size_t)item->shape[i]) {
      return false;
    }
    item->count *= (size_t)item->shape[i];
  }
  item->name = strdup(words->items[0]);
  return item->name != NULL;
}

static bool parse_values(reference *item, char *line, size_t line_length) {
  char *at = line;
  if (item->count > line_length) {
    return false; /* fewer bytes than numbers: do not even allocate */
  }
  item->values = malloc(item->count * sizeof(*item->values));
  for (size_t i = 0; item->values != NULL && i < item->count; ++i) {
    char *end = at;
    item->values[i] = strtod(at, &end);
    if (end == at) {
      return false;
    }
    at = end;
  }
  return item->values != NULL && at[strspn(at, " \t\r\n")] == '\0';
}

static bool read_tensor(reference_list *list, FILE *file, char **line, size_t *capacity, bool *any) {
  string_list words;
  ssize_t length = 0;
  do {
    length = getline(line, capacity, file);
  } while (length > 0 && (*line)[strspn(*line, " \t\r\n")] == '\0');
  *any = length > 0;
  if (!*any) {
    return true;
  }
  reference *item = append(list);
  const bool good = string_list_split(&words, *line, " \t\r\n") && item != NULL && parse_header(item, &words);
  string_list_free(&words);
  if (!good) {
    return false;
  }
  length = getline(line, capacity, file);
  return length > 0 && parse_values(item, *line, (size_t)length);
}

bool reference_list_read(reference_list *list, const char *path, failure *why) {
  char *line = NULL;
  size_t capacity = 0;
  bool any = true;
  bool good = true;
  memset(list, 0, sizeof(*list));
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    return bad(why, path, strerror(errno));
  }
  while (good && any) {
    good = read_tensor(list, file, &line, &capacity, &any);
  }
  const bool broken = ferror(file) != 0;
  free(line);
  fclose(file);
  if (broken) {
    return bad(why, path, "cannot be read");
  }
  if (!good) {
    return bad(why, path, "each tensor needs a line 'name rank d0 d1 ...' and a line with all of its elements");
  }
  return list->count > 0 || bad(why, path, "it is empty");
}

void reference_list_free(reference_list *list) {
  for (size_t i = 0; i < list->count; ++i) {
    free(list->items[i].name);
    free(list->items[i].values);
  }
  free(list->items);
  memset(list, 0, sizeof(*list));
}
