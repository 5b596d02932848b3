#include "platform.h"

#include "timeline.h"

#include <stdlib.h>
#include <string.h>

/* Enough for any percentile, and 16 MiB with the starts: watches have little memory. */
static const size_t kMostKept = (size_t)1 << 20;

/* The new part is written to now, so that no page is missing while inferences are timed. */
static bool resize(uint64_t **values, size_t from, size_t to) {
  uint64_t *larger = to <= SIZE_MAX / sizeof(**values) ? realloc(*values, to * sizeof(**values)) : NULL;
  if (larger == NULL) {
    return false;
  }
  memset(larger + from, 0, (to - from) * sizeof(*larger));
  *values = larger;
  return true;
}

static bool grow(timeline *t, size_t capacity, bool starts) {
  if (!resize(&t->samples, t->capacity, capacity) || (starts && !resize(&t->starts, t->capacity, capacity))) {
    return false;
  }
  t->capacity = capacity;
  return true;
}

bool timeline_reserve(timeline *t, size_t count, bool starts) {
  memset(t, 0, sizeof(*t));
  t->stride = 1;
  t->most_kept = count > kMostKept / 2 ? 2 * count : kMostKept; /* half of it is still `count` */
  return grow(t, count > 0 ? count : 1, starts);
}

static void thin(uint64_t *values, size_t count) {
  for (size_t i = 0; values != NULL && i < count; i += 2) {
    values[i / 2] = values[i];
  }
}

static bool make_room(timeline *t) {
  const size_t larger = t->capacity > t->most_kept / 2 ? t->most_kept : 2 * t->capacity;
  if (larger > t->capacity) {
    return grow(t, larger, t->starts != NULL);
  }
  thin(t->samples, t->count);
  thin(t->starts, t->count);
  t->count = (t->count + 1) / 2;
  t->stride *= 2;
  return true;
}

static void note(timeline *t, uint64_t start_ns, uint64_t elapsed_ns) {
  if (t->seen == 0) {
    t->first_start_ns = start_ns;
    t->least_ns = elapsed_ns;
  }
  t->least_ns = elapsed_ns < t->least_ns ? elapsed_ns : t->least_ns;
  t->longest_ns = elapsed_ns > t->longest_ns ? elapsed_ns : t->longest_ns;
  t->total_ns += elapsed_ns;
  t->last_end_ns = start_ns + elapsed_ns;
  ++t->seen;
}

bool timeline_add(timeline *t, uint64_t start_ns, uint64_t elapsed_ns) {
  if (t->count == t->capacity && !make_room(t)) {
    return false;
  }
  if (t->seen % t->stride == 0) {
    t->samples[t->count] = elapsed_ns;
    if (t->starts != NULL) {
      t->starts[t->count] = start_ns;
    }
    ++t->count;
  }
  note(t, start_ns, elapsed_ns);
  return true;
}

uint64_t timeline_span_ns(const timeline *t) { return t->last_end_ns - t->first_start_ns; }

void timeline_free(timeline *t) {
  free(t->samples);
  free(t->starts);
  memset(t, 0, sizeof(*t));
}
