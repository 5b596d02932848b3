#include "platform.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"
#include "options.h"

static const double kLeastMs = 0.001; /* a pace below a microsecond is none */
static const double kMostMs = 3600.0 * 1000.0;
static const double kMostS = 7.0 * 24.0 * 3600.0;

static bool one_of(const char *value, const char *const *choices) {
  for (; *choices != NULL; ++choices) {
    if (strcmp(value, *choices) == 0) {
      return true;
    }
  }
  return false;
}

static bool complain(bool good, const char *before, const char *value, const char *after) {
  if (!good) {
    fprintf(stderr, "%s%s%s\n", before, value, after);
  }
  return good;
}

static bool complain_number(bool good, const char *name, int value, const char *after) {
  if (!good) {
    fprintf(stderr, "%s:%d %s\n", name, value, after);
  }
  return good;
}

static bool check_names(const options *in) {
  static const char *const kModelTypes[] = {"MindIR", "MindIR_Lite", NULL};
  static const char *const kDevices[] = {"CPU", "NPU", "NNRT", NULL};
  static const char *const kDataTypes[] = {"FLOAT", "INT32", "INT8", "UINT8", NULL};
  return complain(in->model_file[0] != '\0', "modelPath is required", "", "") &&
         complain(one_of(in->model_type, kModelTypes), "Invalid model type: ", in->model_type, "") &&
         complain(one_of(in->device, kDevices), "Device type:", in->device, " is not supported.") &&
         complain(one_of(in->benchmark_data_type, kDataTypes), "Invalid benchmarkDataType: ",
                  in->benchmark_data_type, "");
}

static bool check_counts(const options *in) {
  return complain_number(in->loop_count > 0, "LoopCount", in->loop_count, "must be greater than 0") &&
         complain_number(in->num_threads > 0, "numThreads", in->num_threads, "must be greater than 0") &&
         complain_number(in->warm_up_loop_count >= 0, "WarmUpLoopCount", in->warm_up_loop_count,
                         "must be greater than or equal to 0") &&
         complain_number(in->cpu_bind_mode >= 0 && in->cpu_bind_mode <= 2, "cpuBindMode", in->cpu_bind_mode,
                         "must be 0, 1 or 2") &&
         complain(!in->enable_parallel || in->num_threads > 1, "enableParallel needs numThreads greater than 1", "",
                  "");
}

static bool check_modes(const options *in) {
  const bool compares = in->benchmark_data_file[0] != '\0';
  const bool samples = in->samples_file[0] != '\0';
  return complain(!(compares && samples), "samplesFile and benchmarkDataFile exclude each other", "", "") &&
         complain(!(in->describe && (compares || samples || in->outputs_file[0] != '\0')),
                  "describe excludes samplesFile, outputsFile and benchmarkDataFile", "", "") &&
         complain(!(in->dump_dir[0] != '\0' &&
                    (compares || in->describe || in->time_profiling || in->outputs_file[0] != '\0')),
                  "dumpDir excludes describe, timeProfiling, outputsFile and benchmarkDataFile", "", "") &&
         complain(!(samples && in->in_data_file[0] != '\0'), "samplesFile and inDataFile exclude each other", "", "");
}

static bool check_shapes(const options *in) {
  string_list parts;
  oh_ai_shape shape;
  const bool named = in->input_shape[0] != '\0'; /* takes precedence */
  bool good = string_list_split(&parts, named ? in->input_shape : in->input_shapes, named ? ";" : ":");
  for (size_t i = 0; good && i < parts.count; ++i) {
    const char *colon = named ? strrchr(parts.items[i], ':') : NULL; /* names may hold colons */
    const char *dims = colon != NULL ? colon + 1 : parts.items[i];
    good = complain((!named || colon != NULL) && parse_shape(dims, &shape), named ? "inputShape:" : "inputShapes:",
                    parts.items[i], named ? " is no name:d,d,d" : " is no shape");
  }
  string_list_free(&parts);
  return good;
}

/* What only the benchmark's loop honours is refused where that loop does not run. */
static bool check_timing(const options *in) {
  const bool single = in->benchmark_data_file[0] != '\0' || in->describe || in->dump_dir[0] != '\0';
  const bool samples = in->samples_file[0] != '\0';
  const bool timed = in->interval_ms > 0.0 || in->duration_s > 0.0;
  return complain(in->interval_ms == 0.0 || (in->interval_ms >= kLeastMs && in->interval_ms <= kMostMs),
                  "intervalMs must be 0, or from 0.001 to 3600000", "", "") &&
         complain(in->duration_s >= 0.0 && in->duration_s <= kMostS, "durationS must be from 0 to 604800", "", "") &&
         complain(!(timed && (single || samples)),
                  "intervalMs and durationS exclude samplesFile, describe, dumpDir and benchmarkDataFile", "", "") &&
         complain(!(single && (in->timestamps || in->also_load[0] != '\0')),
                  "timestamps and alsoLoad exclude describe, dumpDir and benchmarkDataFile", "", "");
}

static bool same_file(const char *one, const char *other) {
  struct stat left;
  struct stat right;
  return stat(one, &left) == 0 && stat(other, &right) == 0 && S_ISREG(left.st_mode) &&
         left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* Writing a result over what the run reads would destroy it. */
static bool check_target(const options *in, const char *target) {
  const char *const sources[] = {in->model_file, in->in_data_file, in->samples_file, in->benchmark_data_file,
                                 in->also_load};
  bool good = true;
  for (size_t i = 0; good && target[0] != '\0' && i < sizeof(sources) / sizeof(sources[0]); ++i) {
    string_list paths;
    good = string_list_paths(&paths, sources[i], ",");
    for (size_t k = 0; good && k < paths.count; ++k) {
      good = complain(!same_file(paths.items[k], target), "This file is read by the run and cannot be its result: ",
                      target, "");
    }
    string_list_free(&paths);
  }
  return good;
}

static bool read_cores(const char *name, const char *text, int32_t *cores, size_t *count) {
  *count = 0;
  return text[0] == '\0' || complain(parse_cores(text, cores, MAX_CORES, count), name, text, " is no list of cores");
}

bool options_check(options *out) {
  return check_counts(out) && check_names(out) && check_modes(out) && check_timing(out) && check_shapes(out) &&
         check_target(out, out->result_file) && check_target(out, out->outputs_file) &&
         read_cores("cpuCoreList:", out->cpu_core_list, out->core_list, &out->core_count) &&
         read_cores("pinCores:", out->pin_cores, out->pinned, &out->pinned_count);
}
