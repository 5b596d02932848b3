#include "platform.h"

#include "counter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const k_classes[CLASS_COUNT] = {"vector", "memory", "branch", "other"};

static const volatile counters *g_counters;
static instructions g_cost; /* of an empty window */
static instructions *g_samples;
static size_t g_count;
static size_t g_capacity;
static instructions g_begin;
static instructions g_last;
static instructions g_left;
static bool g_has_left;

/* NULL when it cannot be: a file that is too short is nobody's, and would kill the reader. */
static const volatile counters *map_counters(const char *path) {
  struct stat info;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return NULL;
  }
  const bool whole = fstat(file, &info) == 0 && (size_t)info.st_size >= sizeof(counters);
  void *mapped = whole ? mmap(NULL, sizeof(counters), PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  return mapped == MAP_FAILED ? NULL : mapped;
}

/* Not inlined: every read executes the same instructions, so that an empty window costs what others do. */
__attribute__((noinline)) instructions counter_read(void) {
  instructions now;
  memset(&now, 0, sizeof(now));
  for (int i = 0; g_counters != NULL && i < CLASS_COUNT; ++i) {
    now.executed[i] = g_counters->executed[i];
  }
  return now;
}

/* The first windows also link the blocks that they run. */
static bool learn_cost(void) {
  enum { ROUNDS = 16 };
  uint64_t total = 0;
  for (int round = 0; round < ROUNDS; ++round) {
    const instructions start = counter_read();
    const instructions end = counter_read();
    total = 0;
    for (int i = 0; i < CLASS_COUNT; ++i) {
      g_cost.executed[i] = end.executed[i] - start.executed[i];
      total += g_cost.executed[i];
    }
  }
  return total > 0;
}

static bool open_counters(failure *why) {
  const char *path = getenv(COUNTERS_VARIABLE);
  if (g_counters != NULL || path == NULL || path[0] == '\0') {
    return true;
  }
  g_counters = map_counters(path);
  if (g_counters == NULL || g_counters->mark != COUNTERS_MARK || !learn_cost()) {
    return fail(why, "load", -1, "Nobody counts instructions into %.400s", path);
  }
  return true;
}

bool counter_on(void) { return g_counters != NULL; }

void counter_add_since(const instructions *start, instructions *sum) {
  const instructions now = counter_read();
  for (int i = 0; i < CLASS_COUNT; ++i) {
    const uint64_t spent = now.executed[i] - start->executed[i];
    sum->executed[i] += spent > g_cost.executed[i] ? spent - g_cost.executed[i] : 0;
  }
}

bool counter_reserve(size_t count, failure *why) {
  if (!open_counters(why)) {
    return false;
  }
  if (g_counters == NULL) {
    return true;
  }
  free(g_samples);
  g_samples = calloc(count, sizeof(*g_samples));
  if (g_samples == NULL) {
    return fail(why, "input", -1, "Out of memory for %zu samples", count);
  }
  memset(g_samples, 0, count * sizeof(*g_samples)); /* touches the pages now, not while counting */
  g_capacity = count;
  g_count = 0;
  return true;
}

void counter_begin(void) {
  g_has_left = false;
  g_begin = counter_read();
}

void counter_end(void) {
  memset(&g_last, 0, sizeof(g_last));
  counter_add_since(&g_begin, &g_last);
}

void counter_keep(void) {
  if (g_count < g_capacity) {
    g_samples[g_count++] = g_last;
  }
}

void counter_sum(const instructions *value, instructions *sum) {
  for (int i = 0; i < CLASS_COUNT; ++i) {
    sum->executed[i] += value->executed[i];
  }
}

bool counter_enter(instructions *sum) {
  if (g_has_left) {
    counter_add_since(&g_left, sum);
  }
  return g_has_left;
}

void counter_leave(void) {
  g_has_left = true;
  g_left = counter_read();
}

static void write_object(json_writer *json, const instructions *value) {
  uint64_t total = 0;
  json_open(json, '{');
  for (int i = 0; i < CLASS_COUNT; ++i) {
    json_key(json, k_classes[i]);
    json_uint(json, value->executed[i]);
    total += value->executed[i];
  }
  json_key(json, "total");
  json_uint(json, total);
  json_close(json, '}');
}

void counter_write_samples(json_writer *json) {
  if (g_counters == NULL) {
    return;
  }
  json_key(json, "instructions");
  json_open(json, '[');
  for (size_t i = 0; i < g_count; ++i) {
    write_object(json, &g_samples[i]);
  }
  json_close(json, ']');
}

void counter_write(json_writer *json, const char *key, const instructions *value) {
  if (g_counters == NULL) {
    return;
  }
  json_key(json, key);
  if (value != NULL) {
    write_object(json, value);
  } else {
    json_null(json);
  }
}
