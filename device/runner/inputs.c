#include "platform.h"

#include "inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"
#include "random.h"

enum { DEFAULT_SEED = 5489 }; /* what an unseeded mt19937 starts from */

void *inputs_buffer(session *s, size_t index) {
  void *data = s->rt.TensorGetMutableData(s->inputs.handle_list[index]);
  if (data == NULL) {
    fail(&s->why, "input", OH_AI_LITE_NULLPTR, "Input %zu (%s) has no buffer", index, s->input_facts.items[index].name);
  }
  return data;
}

static float draw_unit(twister *t) {
  return 0.1f + 0.9f * (float)(twister_draw(t) >> 8) / 16777216.0f; /* [0.1, 1.0) */
}

static void store(unsigned char *to, const void *value, size_t size) { memcpy(to, value, size); }

/* Floats from [0.1, 1.0); integers that most models survive as indices: 0 or 1; bytes over their range. */
static void draw_element(twister *t, int dtype, unsigned char *to) {
  const size_t size = dtype_size(dtype);
  if (dtype == OH_AI_FLOAT32) {
    const float value = draw_unit(t);
    store(to, &value, size);
  } else if (dtype == OH_AI_FLOAT64) {
    const double value = draw_unit(t);
    store(to, &value, size);
  } else if (dtype == OH_AI_FLOAT16) {
    const uint16_t value = half_from_float(draw_unit(t));
    store(to, &value, size);
  } else if (dtype == OH_AI_INT8) {
    const int8_t value = (int8_t)((int32_t)(twister_draw(t) % 255) - 127);
    store(to, &value, size);
  } else if (dtype == OH_AI_UINT8) {
    *to = (unsigned char)(twister_draw(t) % 255);
  } else {
    memset(to, 0, size);
    *to = (unsigned char)(twister_draw(t) & 1); /* little endian, as all of these devices are */
  }
}

static bool fill_random(session *s) {
  twister random;
  twister_seed(&random, DEFAULT_SEED);
  for (size_t i = 0; i < s->input_facts.count; ++i) {
    const tensor_facts *facts = &s->input_facts.items[i];
    const size_t step = dtype_size(facts->dtype);
    unsigned char *data = inputs_buffer(s, i);
    if (data == NULL) {
      return false;
    }
    if (step == 0) {
      return fail(&s->why, "input", -1, "Input %s has a type that cannot be random: %d", facts->name, facts->dtype);
    }
    for (uint64_t at = 0; at + step <= facts->size_bytes; at += step) {
      draw_element(&random, facts->dtype, data + at);
    }
  }
  return true;
}

static bool read_whole(session *s, FILE *file, const char *path, void *data, uint64_t size) {
  return fread(data, 1, size, file) == size ||
         fail(&s->why, "input", -1, "Cannot read %s: %s", path, ferror(file) ? strerror(errno) : "it is too short");
}

static bool fill_from_file(session *s, size_t index, const char *path) {
  const uint64_t required = s->input_facts.items[index].size_bytes;
  struct stat info;
  void *data = inputs_buffer(s, index);
  if (data == NULL) {
    return false;
  }
  FILE *file = fopen(path, "rb");
  if (file == NULL || fstat(fileno(file), &info) != 0) {
    fail(&s->why, "input", -1, "Cannot read %s: %s", path, strerror(errno));
    if (file != NULL) {
      fclose(file);
    }
    return false;
  }
  const bool fits = (uint64_t)info.st_size == required;
  const bool good = fits ? read_whole(s, file, path, data, required)
                         : fail(&s->why, "input", -1,
                                "Input binary file size error, required: %" PRIu64 ", in fact: %" PRIu64, required,
                                (uint64_t)info.st_size);
  fclose(file);
  return good;
}

static bool fill_from_files(session *s, const string_list *paths) {
  if (paths->count != s->input_facts.count) {
    return fail(&s->why, "input", -1, "inDataFile names %zu files, the model has %zu inputs", paths->count,
                s->input_facts.count);
  }
  for (size_t i = 0; i < paths->count; ++i) {
    if (!fill_from_file(s, i, paths->items[i])) {
      return false;
    }
  }
  return true;
}

bool inputs_fill(session *s) {
  if (s->opt->in_data_file[0] == '\0') {
    return fill_random(s);
  }
  string_list paths;
  const bool good = string_list_paths(&paths, s->opt->in_data_file, ", \t\r\n")
                      ? fill_from_files(s, &paths)
                      : fail(&s->why, "input", -1, "Out of memory");
  string_list_free(&paths);
  return good;
}
