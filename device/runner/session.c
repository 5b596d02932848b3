#include "platform.h"

#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_info.h"
#include "process.h"
#include "report.h"
#include "shapes.h"

static bool make_context(session *s) {
  const options *opt = s->opt;
  const runtime *rt = &s->rt;
  s->context = rt->ContextCreate();
  if (s->context == NULL) {
    return fail(&s->why, "build", OH_AI_LITE_NULLPTR, "The runtime made no context");
  }
  rt->ContextSetThreadNum(s->context, opt->num_threads);
  rt->ContextSetThreadAffinityMode(s->context, opt->cpu_bind_mode);
  if (opt->core_count > 0) {
    rt->ContextSetThreadAffinityCoreList(s->context, opt->core_list, opt->core_count);
  }
  rt->ContextSetEnableParallel(s->context, opt->enable_parallel);
  return device_info_add(s);
}

static bool check_model_file(session *s) {
  struct stat info;
  const char *path = s->opt->model_file;
  if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
    return fail(&s->why, "load", -1, "Cannot read the model %s: %s", path, strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(&s->why, "load", -1, "The model %s is no file", path);
  }
  return true;
}

static bool load_config(session *s) {
  const char *path = s->opt->config_file;
  if (path[0] == '\0') {
    return true;
  }
  if (s->rt.ModelLoadConfig == NULL) {
    return fail(&s->why, "build", OH_AI_LITE_NOT_SUPPORT, "configFile: this runtime cannot load a configuration");
  }
  const int32_t code = s->rt.ModelLoadConfig(s->model, path);
  return code == OH_AI_SUCCESS || fail(&s->why, "build", code, "Cannot load the configuration %s", path);
}

static bool build(session *s) {
  s->model = s->rt.ModelCreate();
  if (s->model == NULL) {
    return fail(&s->why, "build", OH_AI_LITE_NULLPTR, "The runtime made no model");
  }
  if (!load_config(s)) {
    return false;
  }
  s->memory_before_bytes = resident_memory_bytes();
  const uint64_t start = now_ns();
  const int32_t code = s->rt.ModelBuildFromFile(s->model, s->opt->model_file, OH_AI_MODEL_MINDIR, s->context);
  s->load_ns = now_ns() - start;
  s->memory_after_bytes = resident_memory_bytes();
  if (code != OH_AI_SUCCESS) {
    report_build_failed(s->opt);
    return fail(&s->why, "build", code, "The runtime cannot build the model %s", s->opt->model_file);
  }
  return true;
}

static bool note_inputs(session *s) {
  s->inputs = s->rt.ModelGetInputs(s->model);
  if (s->inputs.handle_num > 0 && s->inputs.handle_list == NULL) {
    return fail(&s->why, "build", OH_AI_LITE_NULLPTR, "The runtime gave no inputs");
  }
  return tensor_list_read(&s->input_facts, &s->rt, s->inputs) || fail(&s->why, "build", -1, "Out of memory");
}

bool session_open(session *s, const options *opt) {
  s->opt = opt;
  if (!runtime_open(&s->rt, opt->runtime, &s->why) || !check_model_file(s) || !make_context(s) || !build(s) ||
      !note_inputs(s)) {
    return false;
  }
  if (!shapes_wanted(opt)) {
    return true;
  }
  return shapes_apply(&s->rt, s->model, s->inputs, opt, &s->why) && note_inputs(s);
}

bool session_predict(session *s, oh_ai_callback before, oh_ai_callback after, uint64_t *elapsed) {
  oh_ai_tensors outputs = s->outputs;
  s->start_ns = now_ns();
  const int32_t code = s->rt.ModelPredict(s->model, s->inputs, &outputs, before, after);
  *elapsed = now_ns() - s->start_ns;
  if (code != OH_AI_SUCCESS) {
    return fail(&s->why, "predict", code, "Inference error %d", (int)code);
  }
  s->outputs = outputs;
  if (s->first_ns == 0) {
    s->first_ns = *elapsed > 0 ? *elapsed : 1;
  }
  return true;
}

bool session_note_outputs(session *s) {
  const oh_ai_tensors outputs = s->outputs.handle_num > 0 ? s->outputs : s->rt.ModelGetOutputs(s->model);
  if (outputs.handle_num == 0 || outputs.handle_list == NULL) {
    return fail(&s->why, "output", OH_AI_LITE_NULLPTR, "The runtime gave no outputs");
  }
  return tensor_list_read(&s->output_facts, &s->rt, outputs) || fail(&s->why, "output", -1, "Out of memory");
}

bool session_inspect_outputs(session *s) {
  for (size_t i = 0; i < s->outputs.handle_num; ++i) {
    size_t size = 0;
    const void *data = session_output(s, i, &size);
    if (data == NULL) {
      return false;
    }
    s->non_finite += count_non_finite(data, s->rt.TensorGetDataType(s->outputs.handle_list[i]), size);
  }
  return true;
}

const void *session_output(session *s, size_t index, size_t *size) {
  void *tensor = s->outputs.handle_list[index];
  const void *data = s->rt.TensorGetData(tensor);
  *size = s->rt.TensorGetDataSize(tensor);
  if (data == NULL || *size == 0) {
    const char *name = s->rt.TensorGetName(tensor);
    fail(&s->why, "output", OH_AI_LITE_NULLPTR, "Output %zu (%s) holds no data", index, name != NULL ? name : "");
    return NULL;
  }
  return data;
}

/* A model on NNRT is left to the end of the process: tearing it down has crashed on real systems. */
void session_close(session *s) {
  const bool keep = s->opt != NULL && options_nnrt(s->opt);
  if (s->model != NULL && !keep) {
    s->rt.ModelDestroy(&s->model);
  }
  if (s->context != NULL && !keep) {
    s->rt.ContextDestroy(&s->context);
  }
  s->model = NULL;
  s->context = NULL;
  tensor_list_free(&s->input_facts);
  tensor_list_free(&s->output_facts);
  profile_free(&s->ops);
  timeline_free(&s->times);
}
