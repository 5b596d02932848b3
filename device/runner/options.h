/* The command line: the official benchmark tool's flags and ours. */
#ifndef DEVICE_RUNNER_OPTIONS_H_
#define DEVICE_RUNNER_OPTIONS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MAX_CORES = 256 };

typedef struct {
  /* the official tool's */
  const char *model_file;
  const char *model_type;
  const char *in_data_file;
  const char *config_file;
  const char *device;
  int cpu_bind_mode;
  int num_threads;
  int loop_count;
  int warm_up_loop_count;
  bool enable_fp16;
  bool enable_parallel;
  bool time_profiling;
  const char *benchmark_data_file;
  const char *benchmark_data_type;
  double accuracy_threshold;
  double cosine_distance_threshold;
  const char *input_shapes;
  const char *input_shape;
  const char *cpu_core_list;
  bool help;
  /* ours */
  const char *runtime;
  const char *result_file;
  const char *samples_file;
  const char *outputs_file;
  const char *dump_dir;
  const char *pin_cores;
  const char *also_load;
  double interval_ms;
  double duration_s;
  bool timestamps;
  bool describe;
  bool version;
  /* derived */
  bool bind_mode_given;
  int32_t core_list[MAX_CORES];
  size_t core_count;
  int32_t pinned[MAX_CORES];
  size_t pinned_count;
} options;

/* Defaults, then argv.  False after a message on stderr. */
bool options_parse(options *out, int argc, char *const *argv);

/* Checks values, lists included.  False after a message on stderr. */
bool options_check(options *out);

void options_usage(FILE *stream);

/* The part of the model's path after the last slash. */
const char *options_model_name(const options *in);

/* Whether --device asks for NNRT (the official name is NPU). */
bool options_nnrt(const options *in);

/* Whether the record says when each inference began. */
bool options_timestamps(const options *in);

#endif /* DEVICE_RUNNER_OPTIONS_H_ */
