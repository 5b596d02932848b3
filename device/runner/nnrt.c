#include "platform.h"

#include "nnrt.h"

#include <stdio.h>
#include <string.h>

static void read_one(nnrt_device *device, const runtime *rt, const void *description) {
  const char *name = rt->GetNameFromNNRTDeviceDesc != NULL ? rt->GetNameFromNNRTDeviceDesc(description) : NULL;
  snprintf(device->name, sizeof(device->name), "%s", name != NULL ? name : "");
  device->id = rt->GetDeviceIdFromNNRTDeviceDesc(description);
  device->type = rt->GetTypeFromNNRTDeviceDesc != NULL ? rt->GetTypeFromNNRTDeviceDesc(description) : -1;
}

void nnrt_read(nnrt_list *list, const runtime *rt) {
  size_t count = 0;
  memset(list, 0, sizeof(*list));
  list->known = rt->GetAllNNRTDeviceDescs != NULL && rt->GetElementOfNNRTDeviceDescs != NULL &&
                rt->GetDeviceIdFromNNRTDeviceDesc != NULL && rt->DeviceInfoSetDeviceId != NULL;
  void *descriptions = list->known ? rt->GetAllNNRTDeviceDescs(&count) : NULL;
  for (size_t i = 0; descriptions != NULL && i < count && list->count < MAX_NNRT_DEVICES; ++i) {
    const void *description = rt->GetElementOfNNRTDeviceDescs(descriptions, i);
    if (description != NULL) {
      read_one(&list->items[list->count++], rt, description);
    }
  }
  if (descriptions != NULL && rt->DestroyAllNNRTDeviceDescs != NULL) {
    rt->DestroyAllNNRTDeviceDescs(&descriptions);
  }
}

const char *nnrt_type_name(int type) {
  static const char *const kTypes[] = {"other", "cpu", "gpu", "accelerator"};
  return type >= 0 && type < (int)(sizeof(kTypes) / sizeof(kTypes[0])) ? kTypes[type] : "unknown";
}
