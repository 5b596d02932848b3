// The OH_AI_* C API over mindspore::Model, for hosts that have no HarmonyOS.
//
// Built as libmindspore_lite_ndk.so: the runner opens it here as it opens the system's library on a
// device.  With -DSHIM_PREFIX=MS it exports the upstream names (MSModelCreate ...) instead.
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "include/api/context.h"
#include "include/api/model.h"
#include "include/api/status.h"
#include "include/api/types.h"
#include "oh_ai.h"

#ifndef SHIM_PREFIX
#define SHIM_PREFIX OH_AI_
#endif
#define SHIM_JOIN_(prefix, name) prefix##name
#define SHIM_JOIN(prefix, name) SHIM_JOIN_(prefix, name)
#define API(name) SHIM_JOIN(SHIM_PREFIX, name)

// Declares every function of the list with its exact type, so that a definition that differs is an error.
#define SHIM_DECLARE(result, name, arguments) \
  extern "C" __attribute__((visibility("default"))) result API(name) arguments;
OH_AI_REQUIRED(SHIM_DECLARE)
OH_AI_OPTIONAL(SHIM_DECLARE)
#undef SHIM_DECLARE
#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using mindspore::MSTensor;

struct Device {
  int type = OH_AI_DEVICE_CPU;
  bool fp16 = false;
  size_t id = 0;
};

struct Context {
  int32_t threads = 2;
  int affinity = 0;
  std::vector<int32_t> cores;
  bool parallel = false;
  std::vector<std::unique_ptr<Device>> devices;
};

// What a tensor handle points to.  The C API returns names as pointers, so each is kept here.
struct Tensor {
  MSTensor value{nullptr};
  std::string name;
  std::vector<int64_t> shape;
};

// Handles that stay valid while their values change: one per position.
class Handles {
 public:
  void Assign(const std::vector<MSTensor> &values) {
    while (tensors_.size() < values.size()) {
      tensors_.push_back(std::make_unique<Tensor>());
      list_.push_back(tensors_.back().get());
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (tensors_[i]->value.impl() != values[i].impl()) {
        tensors_[i]->value = values[i];
      }
    }
    count_ = values.size();
  }
  oh_ai_tensors Array() { return {count_, count_ == 0 ? nullptr : list_.data()}; }
  bool Holds(const oh_ai_tensors &array) const {
    return array.handle_num == count_ && array.handle_list == list_.data();
  }

 private:
  std::vector<std::unique_ptr<Tensor>> tensors_;
  std::vector<void *> list_;
  size_t count_ = 0;
};

struct Model {
  mindspore::Model model;
  std::vector<MSTensor> inputs;
  std::vector<MSTensor> outputs;
  Handles input_handles;
  Handles output_handles;
};

Context *AsContext(void *handle) { return static_cast<Context *>(handle); }
Device *AsDevice(void *handle) { return static_cast<Device *>(handle); }
Model *AsModel(void *handle) { return static_cast<Model *>(handle); }
Tensor *AsTensor(void *handle) { return static_cast<Tensor *>(handle); }

int32_t Code(const mindspore::Status &status) { return static_cast<int32_t>(status.StatusCode()); }

std::vector<MSTensor> Values(const oh_ai_tensors &array) {
  std::vector<MSTensor> values;
  values.reserve(array.handle_num);
  for (size_t i = 0; i < array.handle_num; ++i) {
    values.push_back(AsTensor(array.handle_list[i])->value);
  }
  return values;
}

// A host has no NNRT device: a context without a CPU to fall back to cannot be built.
std::shared_ptr<mindspore::Context> MakeContext(const Context &wanted) {
  auto context = std::make_shared<mindspore::Context>();
  context->SetThreadNum(wanted.threads);
  context->SetThreadAffinity(wanted.affinity);
  if (!wanted.cores.empty()) {
    context->SetThreadAffinity(std::vector<int>(wanted.cores.begin(), wanted.cores.end()));
  }
  context->SetEnableParallel(wanted.parallel);
  for (const auto &device : wanted.devices) {
    if (device->type == OH_AI_DEVICE_CPU) {
      auto cpu = std::make_shared<mindspore::CPUDeviceInfo>();
      cpu->SetEnableFP16(device->fp16);
      context->MutableDeviceInfo().push_back(cpu);
    }
  }
  return context->MutableDeviceInfo().empty() ? nullptr : context;
}

template <typename BuildFunction>
int32_t Build(Model *model, void *context_handle, BuildFunction build) {
  if (model == nullptr || context_handle == nullptr) {
    return OH_AI_LITE_NULLPTR;
  }
  const auto context = MakeContext(*AsContext(context_handle));
  if (context == nullptr) {
    return OH_AI_LITE_NOT_SUPPORT;
  }
  const int32_t code = Code(build(context));
  if (code == OH_AI_SUCCESS) {
    model->inputs = model->model.GetInputs();
    model->outputs = model->model.GetOutputs();
    model->input_handles.Assign(model->inputs);
    model->output_handles.Assign(model->outputs);
  }
  return code;
}

mindspore::MSKernelCallBack Wrap(oh_ai_callback callback) {
  if (callback == nullptr) {
    return nullptr;
  }
  return [callback](const std::vector<MSTensor> &inputs, const std::vector<MSTensor> &outputs,
                    const mindspore::MSCallBackParam &node) {
    thread_local Handles input_handles;
    thread_local Handles output_handles;
    input_handles.Assign(inputs);
    output_handles.Assign(outputs);
    const oh_ai_node info = {const_cast<char *>(node.node_name.c_str()), const_cast<char *>(node.node_type.c_str())};
    return callback(input_handles.Array(), output_handles.Array(), info);
  };
}

}  // namespace

// ---- context ----

EXPORT void *API(ContextCreate)() { return new Context(); }

EXPORT void API(ContextDestroy)(void **context) {
  if (context != nullptr) {
    delete AsContext(*context);
    *context = nullptr;
  }
}

EXPORT void API(ContextSetThreadNum)(void *context, int32_t threads) { AsContext(context)->threads = threads; }
EXPORT int32_t API(ContextGetThreadNum)(void *context) { return AsContext(context)->threads; }
EXPORT void API(ContextSetThreadAffinityMode)(void *context, int mode) { AsContext(context)->affinity = mode; }
EXPORT int API(ContextGetThreadAffinityMode)(void *context) { return AsContext(context)->affinity; }

EXPORT void API(ContextSetThreadAffinityCoreList)(void *context, const int32_t *cores, size_t count) {
  AsContext(context)->cores.assign(cores, cores + count);
}

EXPORT const int32_t *API(ContextGetThreadAffinityCoreList)(void *context, size_t *count) {
  *count = AsContext(context)->cores.size();
  return AsContext(context)->cores.data();
}

EXPORT void API(ContextSetEnableParallel)(void *context, bool on) { AsContext(context)->parallel = on; }
EXPORT bool API(ContextGetEnableParallel)(void *context) { return AsContext(context)->parallel; }

// The context owns the device from here on.
EXPORT void API(ContextAddDeviceInfo)(void *context, void *device) {
  AsContext(context)->devices.emplace_back(AsDevice(device));
}

// ---- device ----

EXPORT void *API(DeviceInfoCreate)(int type) {
  auto device = std::make_unique<Device>();
  device->type = type;
  return device.release();
}

EXPORT void API(DeviceInfoDestroy)(void **device) {
  if (device != nullptr) {
    delete AsDevice(*device);
    *device = nullptr;
  }
}

EXPORT int API(DeviceInfoGetDeviceType)(void *device) { return AsDevice(device)->type; }
EXPORT void API(DeviceInfoSetEnableFP16)(void *device, bool on) { AsDevice(device)->fp16 = on; }
EXPORT bool API(DeviceInfoGetEnableFP16)(void *device) { return AsDevice(device)->fp16; }
EXPORT void API(DeviceInfoSetDeviceId)(void *device, size_t id) { AsDevice(device)->id = id; }
EXPORT size_t API(DeviceInfoGetDeviceId)(void *device) { return AsDevice(device)->id; }

EXPORT void *API(GetAllNNRTDeviceDescs)(size_t *count) {
  *count = 0;
  return nullptr;
}

EXPORT void *API(GetElementOfNNRTDeviceDescs)(void *, size_t) { return nullptr; }
EXPORT void API(DestroyAllNNRTDeviceDescs)(void **) {}
EXPORT size_t API(GetDeviceIdFromNNRTDeviceDesc)(const void *) { return 0; }
EXPORT const char *API(GetNameFromNNRTDeviceDesc)(const void *) { return nullptr; }

// ---- model ----

EXPORT void *API(ModelCreate)() { return new Model(); }

EXPORT void API(ModelDestroy)(void **model) {
  if (model != nullptr) {
    delete AsModel(*model);
    *model = nullptr;
  }
}

// The C API calls every .ms file MINDIR (0), while the C++ one calls it MindIR_Lite.
EXPORT int32_t API(ModelBuildFromFile)(void *handle, const char *path, uint32_t, void *context) {
  Model *model = AsModel(handle);
  return Build(model, context, [&](const std::shared_ptr<mindspore::Context> &made) {
    return model->model.Build(std::string(path), mindspore::kMindIR_Lite, made);
  });
}

EXPORT int32_t API(ModelBuild)(void *handle, const void *data, size_t size, uint32_t, void *context) {
  Model *model = AsModel(handle);
  return Build(model, context, [&](const std::shared_ptr<mindspore::Context> &made) {
    return model->model.Build(data, size, mindspore::kMindIR_Lite, made);
  });
}

EXPORT int32_t API(ModelLoadConfig)(void *model, const char *path) {
  return Code(AsModel(model)->model.LoadConfig(path));
}

EXPORT int32_t API(ModelResize)(void *handle, oh_ai_tensors inputs, oh_ai_shape *shapes, size_t count) {
  std::vector<std::vector<int64_t>> dims;
  for (size_t i = 0; i < count; ++i) {
    dims.emplace_back(shapes[i].shape, shapes[i].shape + shapes[i].shape_num);
  }
  Model *model = AsModel(handle);
  const int32_t code = Code(model->model.Resize(Values(inputs), dims));
  if (code == OH_AI_SUCCESS) {
    model->inputs = model->model.GetInputs();
    model->input_handles.Assign(model->inputs);
  }
  return code;
}

EXPORT int32_t API(ModelPredict)(void *handle, oh_ai_tensors inputs, oh_ai_tensors *outputs, oh_ai_callback before,
                                 oh_ai_callback after) {
  Model *model = AsModel(handle);
  std::vector<MSTensor> others;  // usually the caller hands back what ModelGetInputs gave: nothing to copy
  const bool own = model->input_handles.Holds(inputs);
  if (!own) {
    others = Values(inputs);
  }
  const int32_t code =
    Code(model->model.Predict(own ? model->inputs : others, &model->outputs, Wrap(before), Wrap(after)));
  if (code == OH_AI_SUCCESS) {
    model->output_handles.Assign(model->outputs);
    *outputs = model->output_handles.Array();
  }
  return code;
}

EXPORT oh_ai_tensors API(ModelGetInputs)(void *model) { return AsModel(model)->input_handles.Array(); }

EXPORT oh_ai_tensors API(ModelGetOutputs)(void *handle) {
  Model *model = AsModel(handle);
  model->outputs = model->model.GetOutputs();
  model->output_handles.Assign(model->outputs);
  return model->output_handles.Array();
}

// ---- tensor ----

EXPORT const char *API(TensorGetName)(void *handle) {
  Tensor *tensor = AsTensor(handle);
  tensor->name = tensor->value.Name();
  return tensor->name.c_str();
}

EXPORT int API(TensorGetDataType)(void *tensor) { return static_cast<int>(AsTensor(tensor)->value.DataType()); }

EXPORT const int64_t *API(TensorGetShape)(void *handle, size_t *count) {
  Tensor *tensor = AsTensor(handle);
  tensor->shape = tensor->value.Shape();
  *count = tensor->shape.size();
  return tensor->shape.data();
}

EXPORT int API(TensorGetFormat)(void *tensor) { return static_cast<int>(AsTensor(tensor)->value.format()); }
EXPORT const void *API(TensorGetData)(void *tensor) { return AsTensor(tensor)->value.Data().get(); }
EXPORT void *API(TensorGetMutableData)(void *tensor) { return AsTensor(tensor)->value.MutableData(); }
EXPORT int64_t API(TensorGetElementNum)(void *tensor) { return AsTensor(tensor)->value.ElementNum(); }
EXPORT size_t API(TensorGetDataSize)(void *tensor) { return AsTensor(tensor)->value.DataSize(); }
