#include "platform.h"

#include "tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int dtype;
  size_t size;
  const char *name;
} dtype_row;

static const dtype_row kDtypes[] = {
  {OH_AI_STRING, 1, "string"}, {OH_AI_BOOL, 1, "bool"},       {OH_AI_INT8, 1, "int8"},
  {OH_AI_INT16, 2, "int16"},   {OH_AI_INT32, 4, "int32"},     {OH_AI_INT64, 8, "int64"},
  {OH_AI_UINT8, 1, "uint8"},   {OH_AI_UINT16, 2, "uint16"},   {OH_AI_UINT32, 4, "uint32"},
  {OH_AI_UINT64, 8, "uint64"}, {OH_AI_FLOAT16, 2, "float16"}, {OH_AI_FLOAT32, 4, "float32"},
  {OH_AI_FLOAT64, 8, "float64"},
};

static const dtype_row *row_of(int dtype) {
  for (size_t i = 0; i < sizeof(kDtypes) / sizeof(kDtypes[0]); ++i) {
    if (kDtypes[i].dtype == dtype) {
      return &kDtypes[i];
    }
  }
  return NULL;
}

const char *dtype_name(int dtype) {
  const dtype_row *row = row_of(dtype);
  return row != NULL ? row->name : "unknown";
}

size_t dtype_size(int dtype) {
  const dtype_row *row = row_of(dtype);
  return row != NULL ? row->size : 0;
}

const char *format_name(int format) {
  static const char *const kFormats[] = {"NCHW", "NHWC", "NHWC4", "HWKC", "HWCK", "KCHW",   "CKHW", "KHWC", "CHWK",
                                         "HW",   "HW4",  "NC",    "NC4",  "NC4HW4", NULL, "NCDHW", "NWC",  "NCW"};
  const int count = (int)(sizeof(kFormats) / sizeof(kFormats[0]));
  return format >= 0 && format < count && kFormats[format] != NULL ? kFormats[format] : "unknown";
}

static double half_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  double value;
  if (exponent == 0x1F) {
    value = fraction != 0 ? (double)NAN : (double)INFINITY;
  } else if (exponent == 0) {
    value = ldexp(fraction, -24);
  } else {
    value = ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

/* Round to nearest, ties to even, by way of the library's own rounding. */
uint16_t half_from_float(float value) {
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  const double magnitude = fabs((double)value);
  if (isnan(value)) {
    return sign | 0x7E00;
  }
  if (magnitude >= 65520.0) {
    return sign | 0x7C00;
  }
  int exponent = 0;
  frexp(magnitude, &exponent);
  if (exponent < -13) {
    exponent = -13; /* subnormal halves share one exponent */
  }
  const uint16_t scaled = (uint16_t)lrint(ldexp(magnitude, 11 - exponent));
  return (uint16_t)(sign + (uint16_t)((exponent + 13) << 10) + scaled);
}

#define ELEMENT(type)                                                  \
  do {                                                                 \
    type value;                                                        \
    memcpy(&value, (const char *)data + index * sizeof(type), sizeof(type)); \
    return (double)value;                                              \
  } while (0)

double element_value(const void *data, int dtype, size_t index) {
  uint16_t half;
  switch (dtype) {
    case OH_AI_FLOAT32:
      ELEMENT(float);
    case OH_AI_FLOAT64:
      ELEMENT(double);
    case OH_AI_FLOAT16:
      memcpy(&half, (const char *)data + index * sizeof(half), sizeof(half));
      return half_value(half);
    case OH_AI_INT8:
      ELEMENT(int8_t);
    case OH_AI_INT16:
      ELEMENT(int16_t);
    case OH_AI_INT32:
      ELEMENT(int32_t);
    case OH_AI_INT64:
      ELEMENT(int64_t);
    case OH_AI_BOOL:
    case OH_AI_UINT8:
      ELEMENT(uint8_t);
    case OH_AI_UINT16:
      ELEMENT(uint16_t);
    case OH_AI_UINT32:
      ELEMENT(uint32_t);
    case OH_AI_UINT64:
      ELEMENT(uint64_t);
    default:
      return 0.0;
  }
}

size_t count_non_finite(const void *data, int dtype, size_t size_bytes) {
  size_t found = 0;
  if (dtype != OH_AI_FLOAT16 && dtype != OH_AI_FLOAT32 && dtype != OH_AI_FLOAT64) {
    return 0;
  }
  for (size_t i = 0; i < size_bytes / dtype_size(dtype); ++i) {
    found += isfinite(element_value(data, dtype, i)) ? 0 : 1;
  }
  return found;
}

static bool read_one(tensor_facts *facts, const runtime *rt, void *tensor) {
  const char *name = rt->TensorGetName(tensor);
  size_t rank = 0;
  const int64_t *shape = rt->TensorGetShape(tensor, &rank);
  facts->name = strdup(name != NULL ? name : "");
  facts->dtype = rt->TensorGetDataType(tensor);
  facts->format = rt->TensorGetFormat(tensor);
  facts->size_bytes = rt->TensorGetDataSize(tensor);
  facts->rank = shape == NULL ? 0 : rank < MAX_DIMS ? rank : MAX_DIMS;
  if (facts->rank > 0) {
    memcpy(facts->shape, shape, facts->rank * sizeof(*shape));
  }
  return facts->name != NULL;
}

bool tensor_list_read(tensor_list *list, const runtime *rt, oh_ai_tensors tensors) {
  tensor_list_free(list);
  if (tensors.handle_num == 0) {
    return true;
  }
  list->items = calloc(tensors.handle_num, sizeof(*list->items));
  if (list->items == NULL) {
    return false;
  }
  list->count = tensors.handle_num;
  for (size_t i = 0; i < list->count; ++i) {
    if (!read_one(&list->items[i], rt, tensors.handle_list[i])) {
      return false;
    }
  }
  return true;
}

void tensor_list_free(tensor_list *list) {
  for (size_t i = 0; i < list->count; ++i) {
    free(list->items[i].name);
  }
  free(list->items);
  list->items = NULL;
  list->count = 0;
}
