#include "platform.h"

#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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
  {"alsoLoad", TEXT, AT(also_load), "", "Other models to keep loaded meanwhile, run once each, comma separated"},
  {"intervalMs", NUMBER, AT(interval_ms), "0", "Begin an inference every so many milliseconds; 0: back to back"},
  {"durationS", NUMBER, AT(duration_s), "0", "Go on until so many seconds have passed, and loopCount is reached"},
  {"timestamps", SWITCH, AT(timestamps), "false", "Record when every inference began"},
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

bool options_timestamps(const options *in) {
  return in->timestamps || in->interval_ms > 0.0 || in->duration_s > 0.0;
}
