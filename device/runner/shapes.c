#include "platform.h"

#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

bool shapes_wanted(const options *opt) { return opt->input_shapes[0] != '\0' || opt->input_shape[0] != '\0'; }

static bool by_position(const string_list *parts, oh_ai_shape *shapes, size_t count, failure *why) {
  if (parts->count != count) {
    return fail(why, "input", -1, "inputShapes gives %zu shapes, the model has %zu inputs", parts->count, count);
  }
  for (size_t i = 0; i < count; ++i) {
    if (!parse_shape(parts->items[i], &shapes[i])) {
      return fail(why, "input", -1, "inputShapes: %s is no shape", parts->items[i]);
    }
  }
  return true;
}

static size_t index_of(const runtime *rt, oh_ai_tensors inputs, const char *name) {
  size_t index = 0;
  while (index < inputs.handle_num) {
    const char *candidate = rt->TensorGetName(inputs.handle_list[index]);
    if (candidate != NULL && strcmp(candidate, name) == 0) {
      break;
    }
    ++index;
  }
  return index;
}

/* Inputs that are not named keep their shapes.  The last colon divides: names may hold colons. */
static bool by_name(const runtime *rt, oh_ai_tensors inputs, const string_list *parts, oh_ai_shape *shapes,
                    failure *why) {
  for (size_t i = 0; i < parts->count; ++i) {
    char *colon = strrchr(parts->items[i], ':');
    oh_ai_shape shape;
    if (colon == NULL || !parse_shape(colon + 1, &shape)) {
      return fail(why, "input", -1, "inputShape: %s is no name:d,d,d", parts->items[i]);
    }
    *colon = '\0';
    const size_t index = index_of(rt, inputs, parts->items[i]);
    if (index == inputs.handle_num) {
      return fail(why, "input", -1, "inputShape: the model has no input %s", parts->items[i]);
    }
    shapes[index] = shape;
  }
  return true;
}

static void current_shapes(const runtime *rt, oh_ai_tensors inputs, oh_ai_shape *shapes) {
  for (size_t i = 0; i < inputs.handle_num; ++i) {
    size_t rank = 0;
    const int64_t *dims = rt->TensorGetShape(inputs.handle_list[i], &rank);
    shapes[i].shape_num = rank < 32 ? rank : 32;
    for (size_t d = 0; d < shapes[i].shape_num; ++d) {
      shapes[i].shape[d] = dims[d];
    }
  }
}

static bool resize(const runtime *rt, void *model, oh_ai_tensors inputs, oh_ai_shape *shapes, failure *why) {
  const int32_t code = rt->ModelResize(model, inputs, shapes, inputs.handle_num);
  if (code != OH_AI_SUCCESS) {
    printf("Input tensor resize failed.\n");
    return fail(why, "input", code, "Input tensor resize failed.");
  }
  return true;
}

bool shapes_apply(const runtime *rt, void *model, oh_ai_tensors inputs, const options *opt, failure *why) {
  const bool named = opt->input_shape[0] != '\0'; /* takes precedence */
  string_list parts = {NULL, 0};
  oh_ai_shape *shapes = calloc(inputs.handle_num + 1, sizeof(*shapes));
  bool good = shapes != NULL &&
              string_list_split(&parts, named ? opt->input_shape : opt->input_shapes, named ? ";" : ":");
  if (!good) {
    fail(why, "input", -1, "Out of memory");
  } else {
    current_shapes(rt, inputs, shapes);
    good = named ? by_name(rt, inputs, &parts, shapes, why) : by_position(&parts, shapes, inputs.handle_num, why);
    good = good && resize(rt, model, inputs, shapes, why);
  }
  string_list_free(&parts);
  free(shapes);
  return good;
}
