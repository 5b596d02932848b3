#include "platform.h"

#include "profile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

static pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;
static profile *g_profile;
static size_t g_cursor; /* the runtime calls operators in the same order every time */
static bool g_lost;
static _Thread_local uint64_t t_start; /* an operator begins and ends on one thread */
static _Thread_local instructions t_counted;
static _Thread_local instructions t_callback;
static _Thread_local bool t_follows; /* another operator of the same inference */

void profile_start(profile *into) {
  g_profile = into;
  g_cursor = 0;
  g_lost = false;
}

bool profile_stop(void) {
  g_profile = NULL;
  return !g_lost;
}

static profile_row *append(profile *p, const char *name, const char *type) {
  if (p->count == p->capacity) {
    const size_t capacity = p->capacity == 0 ? 64 : p->capacity * 2;
    profile_row *rows = realloc(p->rows, capacity * sizeof(*rows));
    if (rows == NULL) {
      return NULL;
    }
    p->rows = rows;
    p->capacity = capacity;
  }
  profile_row row = {strdup(name), strdup(type), 0, 0, {{0}}, {{0}}, 0, 0};
  if (row.name == NULL || row.type == NULL) {
    free(row.name);
    free(row.type);
    return NULL;
  }
  p->rows[p->count] = row;
  return &p->rows[p->count++];
}

static profile_row *find(profile *p, const char *name, const char *type) {
  for (size_t step = 0; step < p->count; ++step) {
    const size_t index = (g_cursor + step) % p->count;
    if (strcmp(p->rows[index].name, name) == 0) {
      g_cursor = index + 1;
      return &p->rows[index];
    }
  }
  return append(p, name, type);
}

bool profile_before(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node) {
  (void)inputs;
  (void)outputs;
  (void)node;
  t_callback = (instructions){{0}};
  t_follows = counter_enter(&t_callback);
  t_start = now_ns();
  t_counted = counter_read();
  return true;
}

bool profile_after(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node) {
  instructions counted = {{0}};
  counter_add_since(&t_counted, &counted);
  const uint64_t elapsed = now_ns() - t_start;
  pthread_mutex_lock(&g_mutex);
  profile_row *row = g_profile == NULL ? NULL
                                       : find(g_profile, node.node_name != NULL ? node.node_name : "",
                                              node.node_type != NULL ? node.node_type : "");
  if (row != NULL) {
    ++row->calls;
    row->total_ns += elapsed;
    row->tensors = inputs.handle_num + outputs.handle_num;
    row->callback_calls += t_follows;
    counter_sum(&counted, &row->counted);
    counter_sum(&t_callback, &row->callback);
  } else {
    g_lost = true;
  }
  pthread_mutex_unlock(&g_mutex);
  counter_leave();
  return true;
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const profile_row *)left)->name, ((const profile_row *)right)->name);
}

static profile_row *find_exact(profile *p, const char *name) {
  for (size_t i = 0; i < p->count; ++i) {
    if (strcmp(p->rows[i].name, name) == 0) {
      return &p->rows[i];
    }
  }
  return NULL;
}

bool profile_sorted(const profile *from, bool by_type, profile *into) {
  memset(into, 0, sizeof(*into));
  for (size_t i = 0; i < from->count; ++i) {
    const profile_row *source = &from->rows[i];
    const char *key = by_type ? source->type : source->name;
    profile_row *row = find_exact(into, key);
    if (row == NULL) {
      row = append(into, key, source->type);
    }
    if (row == NULL) {
      profile_free(into);
      return false;
    }
    row->calls += source->calls;
    row->total_ns += source->total_ns;
  }
  if (into->count > 0) {
    qsort(into->rows, into->count, sizeof(*into->rows), by_name);
  }
  return true;
}

void profile_free(profile *p) {
  for (size_t i = 0; i < p->count; ++i) {
    free(p->rows[i].name);
    free(p->rows[i].type);
  }
  free(p->rows);
  memset(p, 0, sizeof(*p));
}
