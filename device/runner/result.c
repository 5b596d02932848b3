#include "platform.h"

#include "result.h"

#include <stdio.h>
#include <string.h>

#include "counter.h"
#include "json.h"
#include "neighbours.h"
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

static void member_uint(json_writer *json, const char *key, uint64_t value) {
  json_key(json, key);
  json_uint(json, value);
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
  member_uint(json, "size_bytes", facts->size_bytes);
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

static void write_nnrt_device(json_writer *json, const nnrt_device *device) {
  json_open(json, '{');
  member_text(json, "name", device->name);
  member_text(json, "type", nnrt_type_name(device->type));
  member_uint(json, "id", device->id);
  json_close(json, '}');
}

/* Null where nobody has asked, or the runtime cannot tell. */
static void write_nnrt(json_writer *json, const session *s) {
  const nnrt_list *devices = &s->nnrt;
  json_key(json, "nnrt_device");
  if (options_nnrt(s->opt) && devices->count > 0) {
    write_nnrt_device(json, &devices->items[0]);
  } else {
    json_null(json);
  }
  json_key(json, "nnrt_devices");
  if (!devices->known) {
    json_null(json);
    return;
  }
  json_open(json, '[');
  for (size_t i = 0; i < devices->count; ++i) {
    write_nnrt_device(json, &devices->items[i]);
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
  write_nnrt(json, s);
  member_int(json, "threads", opt->num_threads);
  member_int(json, "bind_mode", opt->cpu_bind_mode);
  write_cores(json, "core_list", opt->core_list, opt->core_count);
  write_cores(json, "pinned_cores", opt->pinned, opt->pinned_count);
  member_bool(json, "fp16", opt->enable_fp16);
  member_bool(json, "parallel", opt->enable_parallel);
  member_int(json, "warm_up", opt->warm_up_loop_count);
  member_uint(json, "interval_ns", (uint64_t)(opt->interval_ms * 1e6));
  member_uint(json, "duration_ns", (uint64_t)(opt->duration_s * 1e9));
}

/* Starts count from the first inference that was timed. */
static void write_times(json_writer *json, const session *s) {
  const timeline *times = &s->times;
  json_key(json, "samples_ns");
  json_open(json, '[');
  for (size_t i = 0; i < times->count; ++i) {
    json_uint(json, times->samples[i]);
  }
  json_close(json, ']');
  if (!options_timestamps(s->opt)) {
    return;
  }
  json_key(json, "starts_ns");
  json_open(json, '[');
  for (size_t i = 0; i < times->count; ++i) {
    json_uint(json, times->starts[i] - times->first_start_ns);
  }
  json_close(json, ']');
  member_uint(json, "inferences", times->seen);
  member_uint(json, "sample_stride", times->stride);
  member_uint(json, "span_ns", timeline_span_ns(times));
  member_uint(json, "late_starts", s->late);
}

static void write_neighbours(json_writer *json, const neighbours *beside) {
  json_key(json, "also_loaded");
  json_open(json, '[');
  for (size_t i = 0; beside != NULL && i < beside->count; ++i) {
    const neighbour *one = &beside->items[i];
    json_open(json, '{');
    member_text(json, "model", one->opt.model_file);
    member_measured(json, "load_ns", one->session.load_ns);
    member_measured(json, "first_inference_ns", one->session.first_ns);
    member_uint(json, "memory_bytes", one->memory_bytes);
    json_close(json, '}');
  }
  json_close(json, ']');
}

static void write_measurements(json_writer *json, const session *s) {
  write_tensors(json, "inputs", &s->input_facts);
  write_tensors(json, "outputs", &s->output_facts);
  member_measured(json, "load_ns", s->load_ns);
  member_measured(json, "first_inference_ns", s->first_ns);
  write_times(json, s);
  counter_write_samples(json);
  if (s->opt->samples_file[0] != '\0') {
    member_uint(json, "sample_count", s->times.count);
  }
  member_uint(json, "non_finite_values", s->non_finite);
  member_measured(json, "memory_before_load_bytes", s->memory_before_bytes);
  member_measured(json, "memory_after_load_bytes", s->memory_after_bytes);
  member_measured(json, "peak_memory_bytes", peak_memory_bytes());
}

static void write_instructions(json_writer *json, const profile_row *row) {
  const bool followed = row->callback_calls == row->calls;
  counter_write(json, "instructions", &row->counted);
  counter_write(json, "callback_instructions", followed ? &row->callback : NULL);
  if (counter_on()) {
    member_uint(json, "tensors", row->tensors);
  }
}

static void write_operators(json_writer *json, const profile *ops) {
  json_key(json, "operators");
  json_open(json, '[');
  for (size_t i = 0; i < ops->count; ++i) {
    json_open(json, '{');
    member_text(json, "name", ops->rows[i].name);
    member_text(json, "type", ops->rows[i].type);
    member_uint(json, "calls", ops->rows[i].calls);
    member_uint(json, "total_ns", ops->rows[i].total_ns);
    write_instructions(json, &ops->rows[i]);
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
  write_neighbours(json, s->beside);
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
