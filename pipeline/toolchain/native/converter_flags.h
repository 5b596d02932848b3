// Command line of converter_lite: grammar, values, and what this build refuses.
#ifndef PIPELINE_TOOLCHAIN_NATIVE_CONVERTER_FLAGS_H_
#define PIPELINE_TOOLCHAIN_NATIVE_CONVERTER_FLAGS_H_

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "converter_api.h"

namespace converter_lite {

// Status values of the official tool; the process ends with their low byte.
constexpr int kParamInvalid = -3;         // 253
constexpr int kNotSupport = -7;           // 249
constexpr int kInputParamInvalid = -600;  // 168

// A command line that cannot be honoured.
class FlagError : public std::runtime_error {
 public:
  explicit FlagError(const std::string &message, int status = kInputParamInvalid, bool show_usage = false)
      : std::runtime_error(message), status_(status), show_usage_(show_usage) {}
  int status() const { return status_; }
  bool show_usage() const { return show_usage_; }

 private:
  int status_;
  bool show_usage_;
};

// An option that the library took and then ignored.
class NotHonoured : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Action { kConvert, kHelp, kVersion };

struct Flags {
  Action action = Action::kConvert;
  mindspore::converter::FmkType fmk = mindspore::converter::kFmkTypeMs;
  std::string model_file;
  std::string output_file;  // without the .ms that the library appends
  std::string weight_file;
  std::string config_file;
  std::map<std::string, std::vector<int64_t>> input_shapes;
  mindspore::Format input_format = mindspore::NHWC;
  mindspore::DataType input_type = mindspore::DataType::kTypeUnknown;
  mindspore::DataType output_type = mindspore::DataType::kTypeUnknown;
  bool fp16 = false;
  bool train_model = false;
  bool infer = false;
  bool no_fusion = false;
};

std::string Usage();

// Reads and checks argv.  Throws FlagError.
Flags ParseFlags(int argc, const char *const *argv);

// Refuses a configuration file with a section that this library would ignore without a word.
void CheckConfigSections(const std::string &path);

// Looks at the converted model.  Throws NotHonoured.
void CheckHonoured(const Flags &flags);

}  // namespace converter_lite

#endif  // PIPELINE_TOOLCHAIN_NATIVE_CONVERTER_FLAGS_H_
