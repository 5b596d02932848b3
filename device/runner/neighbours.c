#include "platform.h"

#include "neighbours.h"

#include <stdlib.h>

#include "inputs.h"
#include "process.h"

/* The same settings; shapes, data and configuration belong to the measured model. */
static options settings(const options *opt, const char *model) {
  options own = *opt;
  own.model_file = model;
  own.in_data_file = "";
  own.input_shape = "";
  own.input_shapes = "";
  own.config_file = "";
  return own;
}

/* One inference, so that its buffers are there too. */
static bool open_one(neighbour *one) {
  uint64_t elapsed = 0;
  if (!session_open(&one->session, &one->opt) || !inputs_fill(&one->session) ||
      !session_predict(&one->session, NULL, NULL, &elapsed)) {
    return false;
  }
  const uint64_t before = one->session.memory_before_bytes; /* the runtime itself is there already */
  const uint64_t after = resident_memory_bytes();
  one->memory_bytes = after > before ? after - before : 0;
  return true;
}

static bool open_all(neighbours *list, const options *opt, failure *why) {
  list->items = calloc(list->paths.count + 1, sizeof(*list->items));
  if (list->items == NULL) {
    return fail(why, "load", -1, "Out of memory");
  }
  for (size_t i = 0; i < list->paths.count; ++i) {
    neighbour *one = &list->items[list->count++];
    one->opt = settings(opt, list->paths.items[i]);
    if (!open_one(one)) {
      const failure cause = one->session.why;
      return fail(why, cause.stage, cause.code, "alsoLoad: %.700s", cause.message);
    }
  }
  return true;
}

bool neighbours_open(neighbours *list, const options *opt, failure *why) {
  list->items = NULL;
  list->count = 0;
  return string_list_paths(&list->paths, opt->also_load, ",") ? open_all(list, opt, why)
                                                              : fail(why, "load", -1, "Out of memory");
}

void neighbours_close(neighbours *list) {
  for (size_t i = 0; i < list->count; ++i) {
    session_close(&list->items[i].session);
  }
  free(list->items);
  list->items = NULL;
  list->count = 0;
  string_list_free(&list->paths);
}
