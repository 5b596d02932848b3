/* The MindSpore Lite C API, declared by us from its documentation.
 *
 * One list for all who need it: the runner makes a table of function pointers from it, and the host's
 * shim and the tests' stand-in define functions of these types.  Names carry no prefix here: the library
 * of a HarmonyOS system exports OH_AI_ModelCreate, the upstream tarball's exports MSModelCreate, and both
 * mean the same. */
#ifndef DEVICE_RUNNER_OH_AI_H_
#define DEVICE_RUNNER_OH_AI_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  size_t handle_num;
  void **handle_list;
} oh_ai_tensors;

typedef struct {
  size_t shape_num;
  int64_t shape[32];
} oh_ai_shape;

typedef struct {
  char *node_name;
  char *node_type;
} oh_ai_node;

typedef bool (*oh_ai_callback)(oh_ai_tensors inputs, oh_ai_tensors outputs, oh_ai_node node);

enum { OH_AI_SUCCESS = 0, OH_AI_LITE_ERROR = -1, OH_AI_LITE_NULLPTR = -2, OH_AI_LITE_NOT_SUPPORT = -7 };
enum { OH_AI_MODEL_MINDIR = 0 };
enum { OH_AI_DEVICE_CPU = 0, OH_AI_DEVICE_GPU = 1, OH_AI_DEVICE_KIRIN_NPU = 2, OH_AI_DEVICE_NNRT = 60 };
enum {
  OH_AI_STRING = 12,
  OH_AI_BOOL = 30,
  OH_AI_INT8 = 32,
  OH_AI_INT16 = 33,
  OH_AI_INT32 = 34,
  OH_AI_INT64 = 35,
  OH_AI_UINT8 = 37,
  OH_AI_UINT16 = 38,
  OH_AI_UINT32 = 39,
  OH_AI_UINT64 = 40,
  OH_AI_FLOAT16 = 42,
  OH_AI_FLOAT32 = 43,
  OH_AI_FLOAT64 = 44
};

/* X(result, name, arguments): present since the first API level, and needed for any run. */
#define OH_AI_REQUIRED(X)                                                                                        \
  X(void *, ContextCreate, (void))                                                                               \
  X(void, ContextDestroy, (void **context))                                                                      \
  X(void, ContextSetThreadNum, (void *context, int32_t threads))                                                 \
  X(void, ContextSetThreadAffinityMode, (void *context, int mode))                                               \
  X(void, ContextSetThreadAffinityCoreList, (void *context, const int32_t *cores, size_t count))                 \
  X(void, ContextSetEnableParallel, (void *context, bool on))                                                    \
  X(void, ContextAddDeviceInfo, (void *context, void *device))                                                   \
  X(void *, DeviceInfoCreate, (int type))                                                                        \
  X(void, DeviceInfoDestroy, (void **device))                                                                    \
  X(void, DeviceInfoSetEnableFP16, (void *device, bool on))                                                      \
  X(void *, ModelCreate, (void))                                                                                 \
  X(void, ModelDestroy, (void **model))                                                                          \
  X(int32_t, ModelBuildFromFile, (void *model, const char *path, uint32_t type, void *context))                  \
  X(int32_t, ModelResize, (void *model, oh_ai_tensors inputs, oh_ai_shape *shapes, size_t count))                \
  X(int32_t, ModelPredict,                                                                                       \
    (void *model, oh_ai_tensors inputs, oh_ai_tensors *outputs, oh_ai_callback before, oh_ai_callback after))    \
  X(oh_ai_tensors, ModelGetInputs, (void *model))                                                                \
  X(oh_ai_tensors, ModelGetOutputs, (void *model))                                                               \
  X(const char *, TensorGetName, (void *tensor))                                                                 \
  X(int, TensorGetDataType, (void *tensor))                                                                      \
  X(const int64_t *, TensorGetShape, (void *tensor, size_t *count))                                              \
  X(int, TensorGetFormat, (void *tensor))                                                                        \
  X(const void *, TensorGetData, (void *tensor))                                                                 \
  X(void *, TensorGetMutableData, (void *tensor))                                                                \
  X(int64_t, TensorGetElementNum, (void *tensor))                                                                \
  X(size_t, TensorGetDataSize, (void *tensor))

/* Newer, or only for some devices: a run that does not ask for them does without. */
#define OH_AI_OPTIONAL(X)                                                                                        \
  X(void *, GetAllNNRTDeviceDescs, (size_t *count))                                                              \
  X(void *, GetElementOfNNRTDeviceDescs, (void *descs, size_t index))                                            \
  X(void, DestroyAllNNRTDeviceDescs, (void **descs))                                                             \
  X(size_t, GetDeviceIdFromNNRTDeviceDesc, (const void *desc))                                                   \
  X(const char *, GetNameFromNNRTDeviceDesc, (const void *desc))                                                 \
  X(int, GetTypeFromNNRTDeviceDesc, (const void *desc))                                                          \
  X(void, DeviceInfoSetDeviceId, (void *device, size_t id))                                                      \
  X(int32_t, ModelLoadConfig, (void *model, const char *path))

#ifdef __cplusplus
}
#endif

#endif /* DEVICE_RUNNER_OH_AI_H_ */
