#include "platform.h"

#include "result.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "outfile.h"
#include "process.h"

enum { SCHEMA = 1 };

static void member_text(json_writer *json, const char *key, const char *value) {
  json_key(json, key);
  json_text(json, value);
}

static void member_int(json_writer *json, const char *key, int64_t value) {
  json_key(json, key);
  json_int(json, value);
}

static void member_bool(json_writer *json, const char *key, bool value) {
  json_key(json, key);
  json_bool(json, value);
}

/* Nought stands for "not known": no run takes no time. */
static void member_measured(json_writer *json, const char *key, uint64_t value) {
  json_key(json, key);
  if (value > 0) {
    json_uint(json, value);
  } else {
    json_null(json);
  }
}

static void write_cores(json_writer *json, const char *key, const int32_t *cores, size_t count) {
  json_key(json, key);
  json_open(json, '[');
  for (size_t i = 0; i < count; ++i) {
    json_int(json, cores[i]);
  }
  json_close(json, ']');
}

void result_write_tensor_members(json_writer *json, const tensor_facts *facts) {
  member_text(json, "name", facts->name != NULL ? facts->name : "");
  member_text(json, "dtype", dtype_name(facts->dtype));
  json_key(json, "shape");
  json_open(json, '[');
  for (size_t i = 0; i < facts->rank; ++i) {
    json_int(json, facts->shape[i]);
  }
  json_close(json, ']');
  member_text(json, "format", format_name(facts->format));
  json_key(json, "size_bytes");
  json_uint(json, facts->size_bytes);
}

static void write_tensor(json_writer *json, const tensor_facts *facts) {
  json_open(json, '{');
  result_write_tensor_members(json, facts);
  json_close(json, '}');
}

static void write_tensors(json_writer *json, const char *key, const tensor_list *list) {
  json_key(json, key);
  json_open(json, '[');
  for (size_t i = 0; i < list->count; ++i) {
    write_tensor(json, &list->items[i]);
  }
  json_close(json, ']');
}

static void write_settings(json_writer *json, const session *s) {
  const options *opt = s->opt;
  member_text(json, "model", opt->model_file);
  json_key(json, "runtime");
  json_open(json, '{');
  member_text(json, "library", s->rt.library);
  member_text(json, "prefix", s->rt.prefix != NULL ? s->rt.prefix : "");
  json_close(json, '}');
  member_text(json, "device", opt->device);
  member_int(json, "threads", opt->num_threads);
  member_int(json, "bind_mode", opt->cpu_bind_mode);
  write_cores(json, "core_list", opt->core_list, opt->core_count);
  write_cores(json, "pinned_cores", opt->pinned, opt->pinned_count);
  member_bool(json, "fp16", opt->enable_fp16);
  member_bool(json, "parallel", opt->enable_parallel);
  member_int(json, "warm_up", opt->warm_up_loop_count);
}

static void write_measurements(json_writer *json, const session *s) {
  write_tensors(json, "inputs", &s->input_facts);
  write_tensors(json, "outputs", &s->output_facts);
  member_measured(json, "load_ns", s->load_ns);
  member_measured(json, "first_inference_ns", s->first_ns);
  json_key(json, "samples_ns");
  json_open(json, '[');
  for (size_t i = 0; i < s->sample_count; ++i) {
    json_uint(json, s->samples[i]);
  }
  json_close(json, ']');
  if (s->opt->samples_file[0] != '\0') {
    member_int(json, "sample_count", (int64_t)s->sample_count);
  }
  json_key(json, "non_finite_values");
  json_uint(json, s->non_finite);
  member_measured(json, "peak_memory_bytes", peak_memory_bytes());
}

static void write_operators(json_writer *json, const profile *ops) {
  json_key(json, "operators");
  json_open(json, '[');
  for (size_t i = 0; i < ops->count; ++i) {
    json_open(json, '{');
    member_text(json, "name", ops->rows[i].name);
    member_text(json, "type", ops->rows[i].type);
    json_key(json, "calls");
    json_uint(json, ops->rows[i].calls);
    json_key(json, "total_ns");
    json_uint(json, ops->rows[i].total_ns);
    json_close(json, '}');
  }
  json_close(json, ']');
}

static void write_status(json_writer *json, const failure *why) {
  member_text(json, "status", why->stage == NULL ? "success" : "failed");
  if (why->stage != NULL) {
    json_key(json, "error");
    json_open(json, '{');
    member_text(json, "stage", why->stage);
    member_int(json, "code", why->code);
    member_text(json, "message", why->message);
    json_close(json, '}');
  }
}

static void write_record(json_writer *json, const session *s) {
  json_open(json, '{');
  member_int(json, "schema", SCHEMA);
  member_text(json, "runner", "pipeline-runner " RUNNER_VERSION);
  write_settings(json, s);
  write_measurements(json, s);
  if (s->opt->time_profiling) {
    write_operators(json, &s->ops);
  }
  write_status(json, &s->why);
  json_close(json, '}');
}

bool result_write(const session *s) {
  outfile file;
  const char *path = s->opt->result_file;
  if (path[0] == '\0') {
    return true;
  }
  bool good = outfile_open(&file, path);
  if (good) {
    json_writer json = {&file, false};
    write_record(&json, s);
    outfile_write(&file, "\n", 1);
    good = outfile_commit(&file);
  }
  if (!good) {
    fprintf(stderr, "Cannot write %s: %s\n", path, strerror(file.error));
  }
  return good;
}
