#include "platform.h"

#include "device_info.h"

static bool add_nnrt(session *s) {
  const runtime *rt = &s->rt;
  nnrt_read(&s->nnrt, rt);
  if (!s->nnrt.known) {
    return fail(&s->why, "build", OH_AI_LITE_NOT_SUPPORT, "This runtime knows no NNRT devices");
  }
  if (s->nnrt.count == 0) {
    return fail(&s->why, "build", OH_AI_LITE_NOT_SUPPORT, "There is no NNRT device here");
  }
  void *device = rt->DeviceInfoCreate(OH_AI_DEVICE_NNRT);
  if (device == NULL) {
    return fail(&s->why, "build", OH_AI_LITE_NULLPTR, "The runtime made no NNRT device");
  }
  rt->DeviceInfoSetDeviceId(device, s->nnrt.items[0].id);
  if (s->opt->enable_fp16) {
    rt->DeviceInfoSetEnableFP16(device, true);
  }
  rt->ContextAddDeviceInfo(s->context, device);
  return true;
}

bool device_info_add(session *s) {
  const runtime *rt = &s->rt;
  if (options_nnrt(s->opt) && !add_nnrt(s)) {
    return false;
  }
  void *cpu = rt->DeviceInfoCreate(OH_AI_DEVICE_CPU);
  if (cpu == NULL) {
    return fail(&s->why, "build", OH_AI_LITE_NULLPTR, "The runtime made no CPU device");
  }
  rt->DeviceInfoSetEnableFP16(cpu, s->opt->enable_fp16);
  rt->ContextAddDeviceInfo(s->context, cpu);
  return true;
}
