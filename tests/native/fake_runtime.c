/* A stand-in for libmindspore_lite_ndk.so: a tiny model with known outputs, and faults on demand.
 *
 * Inputs: FAKE_INPUTS float32 tensors (default 1) of shape (1, 4).
 * Outputs: "sum" float32 (1, 2): the sum of all inputs and twice their first element; with
 * FAKE_OUTPUTS=2 also "count" int32 (1): the number of inferences so far.
 *
 * Faults and settings come from FAKE_* variables; FAKE_LOG names a file that records the calls. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oh_ai.h"

#ifndef PREFIX
#define PREFIX OH_AI_
#endif
#define JOIN_(prefix, name) prefix##name
#define JOIN(prefix, name) JOIN_(prefix, name)
#define API(name) JOIN(PREFIX, name)

#define DECLARE(result, name, arguments) result API(name) arguments;
OH_AI_REQUIRED(DECLARE)
OH_AI_OPTIONAL(DECLARE)

enum { MAX_TENSORS = 8, ELEMENTS = 4 };

typedef struct {
  char name[256];
  int dtype;
  int64_t shape[2];
  size_t rank;
  size_t size;
  union {
    float floats[2 * ELEMENTS];
    int32_t ints[2 * ELEMENTS];
  } data;
} tensor;

static tensor g_inputs[MAX_TENSORS];
static tensor g_outputs[MAX_TENSORS];
static void *g_input_handles[MAX_TENSORS];
static void *g_output_handles[MAX_TENSORS];
static size_t g_input_count;
static size_t g_output_count;
static int g_predictions;
static int g_token;
static char *g_weights[MAX_TENSORS];
static int g_loaded;

static int number(const char *name, int fallback) {
  const char *text = getenv(name);
  return text != NULL ? atoi(text) : fallback;
}

static const char *text(const char *name, const char *fallback) {
  const char *value = getenv(name);
  return value != NULL ? value : fallback;
}

static void note(const char *what, long value) {
  FILE *log = fopen(text("FAKE_LOG", "/dev/null"), "a");
  if (log != NULL) {
    fprintf(log, "%s=%ld\n", what, value);
    fclose(log);
  }
}

static void define(tensor *t, const char *name, int dtype, int64_t columns) {
  memset(t, 0, sizeof(*t));
  snprintf(t->name, sizeof(t->name), "%s", name);
  t->dtype = dtype;
  t->rank = 2;
  t->shape[0] = 1;
  t->shape[1] = columns;
  t->size = (size_t)columns * 4;
}

static void define_model(void) {
  g_input_count = (size_t)number("FAKE_INPUTS", 1);
  g_output_count = (size_t)number("FAKE_OUTPUTS", 1);
  for (size_t i = 0; i < g_input_count; ++i) {
    char name[256];
    snprintf(name, sizeof(name), "%s%zu", text("FAKE_INPUT_NAME", "x"), i);
    define(&g_inputs[i], name, OH_AI_FLOAT32, ELEMENTS);
    g_input_handles[i] = &g_inputs[i];
  }
  define(&g_outputs[0], text("FAKE_OUTPUT_NAME", "sum"), OH_AI_FLOAT32, 2);
  define(&g_outputs[1], "count", OH_AI_INT32, 1);
  g_outputs[1].rank = 1;
  for (size_t i = 0; i < g_output_count; ++i) {
    g_output_handles[i] = &g_outputs[i];
  }
}

static void compute(void) {
  float sum = 0.0f;
  float first = 0.0f;
  for (size_t i = 0; i < g_input_count; ++i) {
    for (size_t k = 0; k < g_inputs[i].size / 4; ++k) {
      sum += g_inputs[i].data.floats[k];
    }
    first += g_inputs[i].data.floats[0];
  }
  g_outputs[0].data.floats[0] = number("FAKE_NAN", 0) ? NAN : sum;
  g_outputs[0].data.floats[1] = 2.0f * first;
  g_outputs[1].data.ints[0] = g_predictions;
}

static void call_back(oh_ai_callback before, oh_ai_callback after, const char *name, const char *type,
                      oh_ai_tensors outputs) {
  oh_ai_tensors none = {0, NULL};
  oh_ai_node node = {(char *)name, (char *)type};
  if (before != NULL) {
    before(none, outputs, node);
  }
  if (after != NULL) {
    after(none, outputs, node);
  }
}

void *API(ContextCreate)(void) { return &g_token; }
void API(ContextDestroy)(void **context) { *context = NULL; }
void API(ContextSetThreadNum)(void *context, int32_t threads) { (void)context, note("threads", threads); }
void API(ContextSetThreadAffinityMode)(void *context, int mode) { (void)context, note("bind_mode", mode); }
void API(ContextSetThreadAffinityCoreList)(void *context, const int32_t *cores, size_t count) {
  (void)context;
  for (size_t i = 0; i < count; ++i) {
    note("core", cores[i]);
  }
}
void API(ContextSetEnableParallel)(void *context, bool on) { (void)context, note("parallel", on); }
void API(ContextAddDeviceInfo)(void *context, void *device) {
  (void)context;
  note("device", *(int *)device);
  free(device); /* the context owns it */
}

void *API(DeviceInfoCreate)(int type) {
  int *device = malloc(sizeof(*device));
  *device = type;
  return device;
}
void API(DeviceInfoDestroy)(void **device) { free(*device), *device = NULL; }
void API(DeviceInfoSetEnableFP16)(void *device, bool on) { (void)device, note("fp16", on); }

void *API(ModelCreate)(void) { return &g_token; }
void API(ModelDestroy)(void **model) {
  *model = NULL;
  note("destroyed", 1);
  if (g_loaded > 0) {
    free(g_weights[--g_loaded]);
  }
}

/* Weights that stay: the process really grows by so many bytes. */
static void take_memory(int bytes) {
  char *weights = malloc((size_t)bytes + 1);
  memset(weights, 1, (size_t)bytes + 1);
  g_weights[g_loaded++] = weights;
}

int32_t API(ModelBuildFromFile)(void *model, const char *path, uint32_t type, void *context) {
  (void)model, (void)context;
  note("type", (long)type);
  if (strstr(path, text("FAKE_BAD_MODEL", "no such model")) != NULL) {
    return -200;
  }
  take_memory(number("FAKE_LOAD_BYTES", 0));
  define_model();
  return number("FAKE_BUILD_STATUS", 0);
}

int32_t API(ModelResize)(void *model, oh_ai_tensors inputs, oh_ai_shape *shapes, size_t count) {
  (void)model;
  for (size_t i = 0; i < count; ++i) {
    tensor *t = inputs.handle_list[i];
    if (shapes[i].shape_num != 2 || shapes[i].shape[0] * shapes[i].shape[1] > 2 * ELEMENTS) {
      return -4;
    }
    t->shape[0] = shapes[i].shape[0];
    t->shape[1] = shapes[i].shape[1];
    t->size = (size_t)(t->shape[0] * t->shape[1]) * 4;
  }
  return 0;
}

int32_t API(ModelPredict)(void *model, oh_ai_tensors inputs, oh_ai_tensors *outputs, oh_ai_callback before,
                          oh_ai_callback after) {
  (void)model, (void)inputs;
  if (g_predictions == number("FAKE_PREDICT_FAIL_AT", -1)) {
    return -303;
  }
  if (g_predictions == number("FAKE_KILL_AT", -1)) {
    raise(SIGKILL);
  }
  if (g_predictions == number("FAKE_STOP_AT", -1)) {
    raise(SIGTERM);
  }
  ++g_predictions;
  usleep((unsigned)number("FAKE_SLEEP_US", 0));
  while (number("FAKE_HANG", 0)) {
    pause();
  }
  compute();
  const oh_ai_tensors none = {0, NULL};
  const oh_ai_tensors copies = {g_input_count, g_input_handles};
  const oh_ai_tensors ends = {g_output_count, g_output_handles};
  if (!number("FAKE_NO_OPS", 0)) {
    call_back(before, after, "Default/b-op", "Conv2D", number("FAKE_NO_OP_OUTPUTS", 0) ? none : copies);
    call_back(before, after, text("FAKE_OP_NAME", "Default/a op"), "ReLU", ends);
  }
  if (number("FAKE_GROW", 0)) {
    g_outputs[0].size += 4 * (g_predictions > 2);
  }
  outputs->handle_num = g_output_count;
  outputs->handle_list = g_output_handles;
  return 0;
}

oh_ai_tensors API(ModelGetInputs)(void *model) {
  (void)model;
  return (oh_ai_tensors){g_input_count, g_input_handles};
}
oh_ai_tensors API(ModelGetOutputs)(void *model) {
  (void)model;
  return (oh_ai_tensors){g_output_count, g_output_handles};
}

const char *API(TensorGetName)(void *t) { return ((tensor *)t)->name; }
int API(TensorGetDataType)(void *t) { return ((tensor *)t)->dtype; }
const int64_t *API(TensorGetShape)(void *t, size_t *count) {
  *count = ((tensor *)t)->rank;
  return ((tensor *)t)->shape;
}
int API(TensorGetFormat)(void *t) { return ((tensor *)t)->rank == 2 ? 1 : 0; }
const void *API(TensorGetData)(void *t) {
  return t == &g_outputs[0] && number("FAKE_NO_DATA", 0) ? NULL : ((tensor *)t)->data.floats;
}
void *API(TensorGetMutableData)(void *t) { return ((tensor *)t)->data.floats; }
int64_t API(TensorGetElementNum)(void *t) { return (int64_t)((tensor *)t)->size / 4; }
size_t API(TensorGetDataSize)(void *t) { return ((tensor *)t)->size; }

#ifndef OLD_RUNTIME
static size_t g_descriptions[MAX_TENSORS];

void *API(GetAllNNRTDeviceDescs)(size_t *count) {
  *count = (size_t)number("FAKE_NNRT", 0);
  return *count > 0 ? g_descriptions : NULL;
}
void *API(GetElementOfNNRTDeviceDescs)(void *descs, size_t index) {
  g_descriptions[index] = 77 + index;
  return (size_t *)descs + index;
}
void API(DestroyAllNNRTDeviceDescs)(void **descs) { *descs = NULL; }
size_t API(GetDeviceIdFromNNRTDeviceDesc)(const void *desc) { return *(const size_t *)desc; }
const char *API(GetNameFromNNRTDeviceDesc)(const void *desc) { return (void)desc, "fake"; }
int API(GetTypeFromNNRTDeviceDesc)(const void *desc) { return (void)desc, 3; }
void API(DeviceInfoSetDeviceId)(void *device, size_t id) { (void)device, note("nnrt_id", (long)id); }
int32_t API(ModelLoadConfig)(void *model, const char *path) { return (void)model, (void)path, note("config", 1), 0; }
#endif
