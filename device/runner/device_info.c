#include "platform.h"

#include "device_info.h"

static bool add_nnrt(const runtime *rt, void *context, const options *opt, failure *why) {
  if (rt->GetAllNNRTDeviceDescs == NULL || rt->GetElementOfNNRTDeviceDescs == NULL ||
      rt->GetDeviceIdFromNNRTDeviceDesc == NULL || rt->DeviceInfoSetDeviceId == NULL) {
    return fail(why, "build", OH_AI_LITE_NOT_SUPPORT, "This runtime knows no NNRT devices");
  }
  size_t count = 0;
  void *descriptions = rt->GetAllNNRTDeviceDescs(&count);
  if (descriptions == NULL || count == 0) {
    return fail(why, "build", OH_AI_LITE_NOT_SUPPORT, "There is no NNRT device here");
  }
  const void *first = rt->GetElementOfNNRTDeviceDescs(descriptions, 0);
  void *device = rt->DeviceInfoCreate(OH_AI_DEVICE_NNRT);
  if (first != NULL && device != NULL) {
    rt->DeviceInfoSetDeviceId(device, rt->GetDeviceIdFromNNRTDeviceDesc(first));
    if (opt->enable_fp16) {
      rt->DeviceInfoSetEnableFP16(device, true);
    }
    rt->ContextAddDeviceInfo(context, device);
  }
  if (rt->DestroyAllNNRTDeviceDescs != NULL) {
    rt->DestroyAllNNRTDeviceDescs(&descriptions);
  }
  return (first != NULL && device != NULL) ||
         fail(why, "build", OH_AI_LITE_NULLPTR, "The runtime described no NNRT device");
}

bool device_info_add(const runtime *rt, void *context, const options *opt, failure *why) {
  if (options_nnrt(opt) && !add_nnrt(rt, context, opt, why)) {
    return false;
  }
  void *cpu = rt->DeviceInfoCreate(OH_AI_DEVICE_CPU);
  if (cpu == NULL) {
    return fail(why, "build", OH_AI_LITE_NULLPTR, "The runtime made no CPU device");
  }
  rt->DeviceInfoSetEnableFP16(cpu, opt->enable_fp16);
  rt->ContextAddDeviceInfo(context, cpu);
  return true;
}
