#include "platform.h"

#include "compare.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "calibration.h"

enum { SHOWN_INPUTS = 20, SHOWN_OUTPUTS = 50 };

double compare_bias(const void *data, int dtype, const double *reference, size_t count) {
  double sum = 0.0;
  size_t deviating = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = element_value(data, dtype, i);
    const double wanted = fabs(reference[i]);
    const double error = fabs(value - reference[i]);
    if (!isfinite(value)) {
      return -1.0;
    }
    if (error <= 1e-8 + 1e-5 * wanted || (wanted < FLT_EPSILON && error <= 1e-5)) {
      continue;
    }
    sum += wanted < FLT_EPSILON ? error : error / wanted;
    ++deviating;
  }
  return deviating > 0 ? sum / (double)deviating : 0.0;
}

double compare_cosine(const void *data, int dtype, const double *reference, size_t count) {
  double dot = 0.0;
  double left = 0.0;
  double right = 0.0;
  for (size_t i = 0; i < count; ++i) {
    const double value = element_value(data, dtype, i);
    dot += value * reference[i];
    left += value * value;
    right += reference[i] * reference[i];
  }
  if (left == 0.0 || right == 0.0) {
    return left == right ? 1.0 : 0.0;
  }
  return dot / (sqrt(left) * sqrt(right));
}

static void print_values(const void *data, int dtype, size_t count, size_t most) {
  for (size_t i = 0; i < count && i < most; ++i) {
    printf("%g ", element_value(data, dtype, i));
  }
  printf("\n");
}

static bool print_inputs(session *s) {
  for (size_t i = 0; i < s->inputs.handle_num; ++i) {
    const tensor_facts *facts = &s->input_facts.items[i];
    const size_t step = dtype_size(facts->dtype);
    const void *data = s->rt.TensorGetData(s->inputs.handle_list[i]);
    if (data == NULL) {
      return fail(&s->why, "input", OH_AI_LITE_NULLPTR, "Input %s holds no data", facts->name);
    }
    printf("InData %zu: ", i);
    print_values(data, facts->dtype, step > 0 ? (size_t)facts->size_bytes / step : 0, SHOWN_INPUTS);
  }
  return true;
}

static const reference *find(const reference_list *list, const char *name) {
  for (size_t i = 0; i < list->count; ++i) {
    if (strcmp(list->items[i].name, name) == 0) {
      return &list->items[i];
    }
  }
  return NULL;
}

static void format_shape(char *text, size_t size, const int64_t *shape, size_t rank) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < rank && used < size; ++i) {
    used += (size_t)snprintf(text + used, size - used, "%" PRId64 ",", shape[i]);
  }
}

/* The reference may leave out trailing dimensions of 1. */
static bool same_shape(const tensor_facts *facts, const reference *wanted) {
  for (size_t i = 0; i < facts->rank || i < wanted->rank; ++i) {
    const int64_t left = i < facts->rank ? facts->shape[i] : 1;
    const int64_t right = i < wanted->rank ? wanted->shape[i] : 1;
    if (left != right || (i >= facts->rank)) {
      return false;
    }
  }
  return true;
}

static bool check_shape(session *s, const tensor_facts *facts, const reference *wanted) {
  char ours[256];
  char theirs[256];
  if (same_shape(facts, wanted) && facts->size_bytes == (uint64_t)wanted->count * dtype_size(facts->dtype)) {
    return true;
  }
  format_shape(ours, sizeof(ours), facts->shape, facts->rank);
  format_shape(theirs, sizeof(theirs), wanted->shape, wanted->rank);
  return fail(&s->why, "output", -1,
              "Shape of mslite output(%s) and shape source model output(%s) are different", ours, theirs);
}

/* Both must hold the same names; each output must have the shape of its reference. */
static bool check_references(session *s, const reference_list *list) {
  if (list->count != s->output_facts.count) {
    return fail(&s->why, "output", -1, "Compare output error -1: %zu reference outputs, %zu outputs of the model",
                list->count, s->output_facts.count);
  }
  for (size_t i = 0; i < s->output_facts.count; ++i) {
    const tensor_facts *facts = &s->output_facts.items[i];
    const reference *wanted = find(list, facts->name);
    if (wanted == NULL) {
      return fail(&s->why, "output", -1, "Compare output error -1: no reference for output %s", facts->name);
    }
    if (!check_shape(s, facts, wanted)) {
      return false;
    }
  }
  return true;
}

static void print_bias(const char *what, const char *name, double bias) {
  if (bias <= 1e-7) {
    printf("%s%s : 0%%\n", what, name);
  } else {
    printf("%s%s : %g%%\n", what, name, bias * 100.0);
  }
}

static bool bias_pass(session *s, const reference_list *list) {
  double total = 0.0;
  printf("================ Comparing Output data ================\n");
  for (size_t i = 0; i < s->output_facts.count; ++i) {
    const tensor_facts *facts = &s->output_facts.items[i];
    const reference *wanted = find(list, facts->name);
    size_t size = 0;
    const void *data = session_output(s, i, &size);
    if (data == NULL) {
      return false;
    }
    printf("Data of node %s : ", facts->name);
    print_values(data, facts->dtype, wanted->count, SHOWN_OUTPUTS);
    const double bias = compare_bias(data, facts->dtype, wanted->values, wanted->count);
    if (bias < 0.0) {
      return fail(&s->why, "output", -1, "Output tensor has nan or inf data, compare fail");
    }
    print_bias("Mean bias of node/tensor ", facts->name, bias);
    total += bias;
  }
  total /= (double)s->output_facts.count;
  if (total <= 1e-7) {
    printf("Mean bias of all nodes/tensors: 0%%\n");
  } else {
    printf("Mean bias of all nodes/tensors: %g%%\n", total * 100.0);
  }
  printf("=======================================================\n\n");
  return total * 100.0 <= s->opt->accuracy_threshold ||
         fail(&s->why, "output", -1, "Mean bias of all nodes/tensors is too big: %g%%", total * 100.0);
}

static bool cosine_pass(session *s, const reference_list *list) {
  double total = 0.0;
  if (s->opt->cosine_distance_threshold < -1.0) {
    return true;
  }
  printf("================ Comparing Output data ================\n");
  for (size_t i = 0; i < s->output_facts.count; ++i) {
    const tensor_facts *facts = &s->output_facts.items[i];
    const reference *wanted = find(list, facts->name);
    size_t size = 0;
    const void *data = session_output(s, i, &size);
    if (data == NULL) {
      return false;
    }
    const double cosine = compare_cosine(data, facts->dtype, wanted->values, wanted->count);
    printf("Mean cosine distance of node/tensor %s : %g%%\n", facts->name, cosine * 100.0);
    total += cosine;
  }
  total /= (double)s->output_facts.count;
  printf("Cosine distance of all nodes/tensors: %g\n", total);
  printf("=======================================================\n\n");
  return total >= s->opt->cosine_distance_threshold ||
         fail(&s->why, "output", -1, "Mean cosine distance of all nodes/tensors is too small: %g", total);
}

bool compare_run(session *s) {
  reference_list list = {NULL, 0};
  uint64_t elapsed = 0;
  printf("MarkAccuracy\n");
  const bool good = print_inputs(s) && reference_list_read(&list, s->opt->benchmark_data_file, &s->why) &&
                    session_predict(s, NULL, NULL, &elapsed) && session_note_outputs(s) &&
                    check_references(s, &list) && bias_pass(s, &list) && cosine_pass(s, &list);
  reference_list_free(&list);
  return good;
}
