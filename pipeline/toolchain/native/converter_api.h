// The converter class that libmindspore_converter.so exports.
//
// The wheel ships no header for it.  Member names and parameter types are what the library's own
// symbol table says (`nm -DC`); only what converter_lite needs is declared.
#ifndef PIPELINE_TOOLCHAIN_NATIVE_CONVERTER_API_H_
#define PIPELINE_TOOLCHAIN_NATIVE_CONVERTER_API_H_

#include <cstdint>
#include <map>
#include <vector>

#include "include/api/data_type.h"
#include "include/api/format.h"
#include "include/api/status.h"
#include "include/api/types.h"
#include "include/registry/converter_context.h"

namespace mindspore {

using Chars = std::vector<char>;

class MS_API Converter {
 public:
  Converter(converter::FmkType fmk, const Chars &model_file, const Chars &output_file, const Chars &weight_file);

  void SetConfigFile(const Chars &path);
  void SetWeightFp16(bool on);
  void SetInputShape(const std::map<Chars, std::vector<int64_t>> &shapes);
  void SetInputFormat(Format format);
  void SetInputDataType(DataType type);
  void SetOutputDataType(DataType type);
  void SetSaveType(ModelType type);
  void SetEnableEncryption(bool on);
  void SetInfer(bool on);
  void SetTrainModel(bool on);
  void SetNoFusion(bool on);
  Status Convert();

 private:
  // The object holds one shared_ptr today.  Room to spare, and nothing of ours ever reads it.
  alignas(16) unsigned char state_[256];
};

}  // namespace mindspore

#endif  // PIPELINE_TOOLCHAIN_NATIVE_CONVERTER_API_H_
