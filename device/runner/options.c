#include "platform.h"

#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"

typedef enum { TEXT, INTEGER, NUMBER, SWITCH, FIXED } option_kind;

typedef struct {
  const char *name;
  option_kind kind; /* FIXED: known to the official tool; any value but the default is refused */
  size_t offset;
  const char *fallback;
  const char *help;
} option;

#define AT(field) offsetof(options, field)

static const option kOptions[] = {
  {"modelFile", TEXT, AT(model_file), "", "Model to run, a .ms file"},
  {"modelType", TEXT, AT(model_type), "MindIR", "MindIR | MindIR_Lite"},
  {"inDataFile", TEXT, AT(in_data_file), "", "Raw input files, one per input, comma separated; random when absent"},
  {"configFile", TEXT, AT(config_file), "", "Configuration of the runtime"},
  {"device", TEXT, AT(device), "CPU", "CPU | NPU (NNRT with the CPU as fallback) | NNRT"},
  {"cpuBindMode", INTEGER, AT(cpu_bind_mode), "1", "0 none, 1 big cores, 2 middle cores"},
  {"numThreads", INTEGER, AT(num_threads), "2", "Threads of the runtime"},
  {"loopCount", INTEGER, AT(loop_count), "10", "Timed inferences"},
  {"warmUpLoopCount", INTEGER, AT(warm_up_loop_count), "3", "Inferences before the timed ones"},
  {"enableFp16", SWITCH, AT(enable_fp16), "false", "Compute in float16 where the device can"},
  {"enableParallel", SWITCH, AT(enable_parallel), "false", "Run independent operators side by side"},
  {"timeProfiling", SWITCH, AT(time_profiling), "false", "Time every operator"},
  {"benchmarkDataFile", TEXT, AT(benchmark_data_file), "", "Reference outputs: compare with them, do not time"},
  {"benchmarkDataType", TEXT, AT(benchmark_data_type), "FLOAT", "FLOAT | INT32 | INT8 | UINT8"},
  {"accuracyThreshold", NUMBER, AT(accuracy_threshold), "0.5", "Largest mean bias, in percent"},
  {"cosineDistanceThreshold", NUMBER, AT(cosine_distance_threshold), "-1.1", "Least cosine similarity, from -1"},
  {"inputShapes", TEXT, AT(input_shapes), "", "New shapes in the order of the inputs: 1,28,28,1:1,4"},
  {"inputShape", TEXT, AT(input_shape), "", "New shapes by name: x:1,28,28,1;y:1,4"},
  {"cpuCoreList", TEXT, AT(cpu_core_list), "", "Cores that the runtime binds its threads to: 0,1"},
  {"GroupInfoFile", FIXED, 0, "", "not supported by this runner"},
  {"provider", FIXED, 0, "litert", "litert"},
  {"perfProfiling", FIXED, 0, "false", "not supported by this runner"},
  {"perfEvent", FIXED, 0, "CYCLE", "not supported by this runner"},
  {"interOpParallelNum", FIXED, 0, "1", "1"},
  {"enableGLTexture", FIXED, 0, "false", "not supported by this runner"},
  {"delegateMode", FIXED, 0, "", "not supported by this runner"},
  {"enableParallelPredict", FIXED, 0, "false", "not supported by this runner"},
  {"decryptKey", FIXED, 0, "", "not supported by this runner"},
  {"cryptoLibPath", FIXED, 0, "", "not supported by this runner"},
  {"help", SWITCH, AT(help), "false", "Print this text"},
  {"runtime", TEXT, AT(runtime), "", "Library to load (default: $PIPELINE_RUNTIME, the soname, the system's)"},
  {"resultFile", TEXT, AT(result_file), "", "Write the result as JSON, every sample in nanoseconds"},
  {"samplesFile", TEXT, AT(samples_file), "", "Run each sample once: raw files of N samples, one file per input"},
  {"outputsFile", TEXT, AT(outputs_file), "", "Write raw outputs: of every sample, or of the last inference"},
  {"dumpDir", TEXT, AT(dump_dir), "", "Run the first sample once, write every operator's outputs into this folder"},
  {"pinCores", TEXT, AT(pin_cores), "", "Pin the process to these cores before the runtime starts: 0,1"},
  {"describe", SWITCH, AT(describe), "false", "Load the model, print its inputs and outputs, run nothing"},
  {"version", SWITCH, AT(version), "false", "Print the version of this runner"},
};

enum { OPTION_COUNT = sizeof(kOptions) / sizeof(kOptions[0]) };

static const option *find(const char *name, size_t length) {
  for (size_t i = 0; i < OPTION_COUNT; ++i) {
    if (strlen(kOptions[i].name) == length && strncmp(kOptions[i].name, name, length) == 0) {
      return &kOptions[i];
    }
  }
  return NULL;
}

static bool parse_switch(const char *text, bool *value) {
  *value = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
  return *value || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool parse_number(const char *text, double *value) {
  char *end = NULL;
  errno = 0;
  *value = strtod(text, &end);
  return end != text && *end == '\0' && errno == 0 && *value - *value == 0.0; /* neither inf nor nan */
}

static bool parse_integer(const char *text, int *value) {
  int64_t number = 0;
  const bool good = parse_int(text, INT_MIN, INT_MAX, &number);
  *value = (int)number;
  return good;
}

static bool assign(options *out, const option *which, const char *value) {
  char *field = (char *)out + which->offset;
  switch (which->kind) {
    case TEXT:
      *(const char **)(void *)field = value;
      return true;
    case INTEGER:
      return parse_integer(value, (int *)(void *)field);
    case NUMBER:
      return parse_number(value, (double *)(void *)field);
    case SWITCH:
      return parse_switch(value, (bool *)(void *)field);
    case FIXED:
      break;
  }
  return true;
}

static bool refuse(const char *format, const char *value) {
  fprintf(stderr, format, value);
  fputc('\n', stderr);
  options_usage(stderr);
  return false;
}

static bool set(options *out, const option *which, const char *value) {
  if (which->kind == FIXED && strcmp(value, which->fallback) != 0) {
    fprintf(stderr, "%s:%s is not supported by this runner.\n", which->name, value);
    return false;
  }
  if (!assign(out, which, value)) {
    fprintf(stderr, "Invalid value for flag %s: %s\n", which->name, value);
    return false;
  }
  out->bind_mode_given = out->bind_mode_given || which->offset == AT(cpu_bind_mode);
  return true;
}

static bool boolean(const option *which) {
  return which->kind == SWITCH || (which->kind == FIXED && strcmp(which->fallback, "false") == 0);
}

static bool parse_argument(options *out, const char *argument) {
  if (strncmp(argument, "--", 2) != 0) {
    return refuse("Failed: flag %s is not valid.", argument);
  }
  const char *name = argument + 2;
  const char *equals = strchr(name, '=');
  const option *which = find(name, equals != NULL ? (size_t)(equals - name) : strlen(name));
  if (which != NULL && equals != NULL) {
    return set(out, which, equals + 1);
  }
  if (which != NULL) {
    return boolean(which) ? set(out, which, "true") : refuse("No value provided for non-boolean type: %s", name);
  }
  if (equals == NULL && strncmp(name, "no-", 3) == 0) {
    which = find(name + 3, strlen(name + 3));
    if (which != NULL && boolean(which)) {
      return set(out, which, "false");
    }
  }
  char flag[128];
  snprintf(flag, sizeof(flag), "%.*s", (int)strcspn(name, "="), name);
  return refuse("%s is not a valid flag", flag);
}

bool options_parse(options *out, int argc, char *const *argv) {
  memset(out, 0, sizeof(*out));
  for (size_t i = 0; i < OPTION_COUNT; ++i) {
    assign(out, &kOptions[i], kOptions[i].fallback);
  }
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; ++i) {
    if (!parse_argument(out, argv[i])) {
      return false;
    }
  }
  if (out->pin_cores[0] != '\0' && !out->bind_mode_given) {
    out->cpu_bind_mode = 0; /* the runtime would move its threads away from the pinned cores */
  }
  return true;
}

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

/* Writing a result over what the run reads would destroy it. */
static bool check_target(const options *in, const char *target) {
  struct stat read;
  struct stat written;
  const char *const sources[] = {in->model_file, in->in_data_file, in->samples_file, in->benchmark_data_file};
  for (size_t i = 0; target[0] != '\0' && i < sizeof(sources) / sizeof(sources[0]); ++i) {
    if (stat(sources[i], &read) == 0 && stat(target, &written) == 0 && S_ISREG(read.st_mode) &&
        read.st_dev == written.st_dev && read.st_ino == written.st_ino) {
      return complain(false, "This file is read by the run and cannot be its result: ", target, "");
    }
  }
  return true;
}

static bool read_cores(const char *name, const char *text, int32_t *cores, size_t *count) {
  *count = 0;
  return text[0] == '\0' || complain(parse_cores(text, cores, MAX_CORES, count), name, text, " is no list of cores");
}

bool options_check(options *out) {
  return check_counts(out) && check_names(out) && check_modes(out) && check_shapes(out) && check_target(out, out->result_file) &&
         check_target(out, out->outputs_file) &&
         read_cores("cpuCoreList:", out->cpu_core_list, out->core_list, &out->core_count) &&
         read_cores("pinCores:", out->pin_cores, out->pinned, &out->pinned_count);
}

void options_usage(FILE *stream) {
  fputs("Usage: runner --modelFile=MODEL.ms [options]\n\n", stream);
  for (size_t i = 0; i < OPTION_COUNT; ++i) {
    const option *o = &kOptions[i];
    const bool plain = o->kind == SWITCH || o->fallback[0] == '\0';
    fprintf(stream, "  --%-26s %s%s%s%s\n", o->name, o->help, plain ? "" : " (default ", plain ? "" : o->fallback,
            plain ? "" : ")");
  }
}

const char *options_model_name(const options *in) {
  const char *slash = strrchr(in->model_file, '/');
  return slash != NULL ? slash + 1 : in->model_file;
}

bool options_nnrt(const options *in) { return strcmp(in->device, "CPU") != 0; }
