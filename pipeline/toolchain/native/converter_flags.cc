#include "converter_flags.h"

#include <sys/stat.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <sstream>

namespace converter_lite {
namespace {

using Values = std::map<std::string, std::string>;

struct FlagSpec {
  const char *name;
  const char *help;
  bool boolean;  // may stand without a value, and be negated with --no-
};

constexpr FlagSpec kFlags[] = {
  {"fmk", "Framework of the input model: TF | TFLITE | CAFFE | MINDIR | ONNX", false},
  {"modelFile", "Input model file", false},
  {"outputFile", "Output model file, without the suffix .ms", false},
  {"weightFile", "Input weight file, CAFFE only", false},
  {"configFile", "Configuration of quantization, data preprocessing, fusion ...", false},
  {"fp16", "Store the weights as float16: on | off", false},
  {"inputShape", "Shapes of the inputs: name:1,32,32,3;name2:1,4", false},
  {"inputDataFormat", "Layout of 4-D inputs: NHWC | NCHW (default NHWC)", false},
  {"outputDataFormat", "Layout of 4-D outputs: NHWC (this library knows no other)", false},
  {"inputDataType", "Type of the inputs: FLOAT | INT8 | UINT8 | DEFAULT", false},
  {"outputDataType", "Type of the outputs: FLOAT | INT8 | UINT8 | DEFAULT", false},
  {"trainModel", "Convert a model for training, MINDIR only: true | false", false},
  {"infer", "Run one inference after the conversion: true | false", false},
  {"saveType", "MINDIR_LITE (the only one that a device reads)", false},
  {"optimize", "Fusion: none | general (default general)", false},
  {"encryption", "false (this library was built without encryption)", false},
  {"encryptKey", "refused, see encryption", false},
  {"decryptKey", "refused, see encryption", false},
  {"decryptMode", "refused, see encryption", false},
  {"device", "refused: this tool converts for device-side inference", false},
  {"optimizeTransformer", "refused unless false", false},
  {"help", "Print this text", true},
  {"version", "Print the version of the converter library", true},
};

const FlagSpec *FindFlag(const std::string &name) {
  for (const auto &flag : kFlags) {
    if (name == flag.name) {
      return &flag;
    }
  }
  return nullptr;
}

void ParseArgument(const std::string &argument, Values *values) {
  if (argument.compare(0, 2, "--") != 0) {
    throw FlagError("Failed: flag " + argument + " is not valid.", kParamInvalid, true);
  }
  const auto equals = argument.find('=');
  std::string name = argument.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
  const FlagSpec *flag = FindFlag(name);
  if (flag == nullptr && equals == std::string::npos && name.compare(0, 3, "no-") == 0) {
    flag = FindFlag(name.substr(3));
    if (flag != nullptr && flag->boolean) {
      (*values)[flag->name] = "false";
      return;
    }
  }
  if (flag == nullptr) {
    throw FlagError(name + " is not a valid flag", kParamInvalid, true);
  }
  if (equals != std::string::npos) {
    (*values)[name] = argument.substr(equals + 1);
  } else if (flag->boolean) {
    (*values)[name] = "true";
  } else {
    throw FlagError("No value provided for non-boolean type: " + name, kParamInvalid, true);
  }
}

std::string Take(const Values &values, const std::string &name, const std::string &fallback = "") {
  const auto found = values.find(name);
  return found == values.end() ? fallback : found->second;
}

template <typename T>
T Choose(const std::string &value, const std::map<std::string, T> &choices, const std::string &message) {
  const auto found = choices.find(value);
  if (found == choices.end()) {
    throw FlagError(message + ", but got " + value);
  }
  return found->second;
}

bool Bool(const Values &values, const std::string &name) {
  return Choose<bool>(Take(values, name, "false"), {{"true", true}, {"false", false}},
                      "INPUT ILLEGAL: " + name + " must be true|false");
}

int64_t Dimension(const std::string &text, const std::string &shape) {
  char *end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), &end, 10);  // NOLINT(runtime/int)
  while (end != nullptr && std::isspace(static_cast<unsigned char>(*end))) {
    ++end;
  }
  if (text.empty() || errno != 0 || *end != '\0') {
    throw FlagError("INPUT ILLEGAL: inputShape has an illegal dimension '" + text + "' in " + shape);
  }
  if (value < 0) {
    throw FlagError("INPUT ILLEGAL: Unsupported dim < 0.");
  }
  return value;
}

// `name:1,2,3;name2:4`.  The last colon divides, since names may hold colons themselves.
std::map<std::string, std::vector<int64_t>> Shapes(const std::string &text) {
  std::map<std::string, std::vector<int64_t>> shapes;
  std::stringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ';');) {
    const auto colon = entry.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size()) {
      throw FlagError("INPUT ILLEGAL: inputShape must be name:d,d,d;name2:d,d, but got " + text);
    }
    std::vector<int64_t> dims;
    std::stringstream parts(entry.substr(colon + 1));
    for (std::string part; std::getline(parts, part, ',');) {
      dims.push_back(Dimension(part, entry));
    }
    if (!shapes.emplace(entry.substr(0, colon), dims).second) {
      throw FlagError("INPUT ILLEGAL: inputShape names an input twice: " + entry.substr(0, colon));
    }
  }
  return shapes;
}

mindspore::DataType Type(const std::string &value, const std::string &which) {
  using mindspore::DataType;
  return Choose<DataType>(value,
                          {{"FLOAT", DataType::kNumberTypeFloat32},
                           {"INT8", DataType::kNumberTypeInt8},
                           {"UINT8", DataType::kNumberTypeUInt8},
                           {"DEFAULT", DataType::kTypeUnknown}},
                          (which == "inputDataType" ? "INPUT" : "OUTPUT") + std::string(" INVALID: ") + which +
                            " is invalid, supported " + which + ": FLOAT | INT8 | UINT8 | DEFAULT");
}

std::string ParentDirectory(const std::string &path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string OutputFile(std::string path) {
  static const std::string kSuffix = ".ms";
  if (path.size() > kSuffix.size() && path.compare(path.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0) {
    path.resize(path.size() - kSuffix.size());
  }
  if (path.back() == '/') {
    throw FlagError("INPUT ILLEGAL: output file must be a valid file path");
  }
  struct stat info {};
  const std::string directory = ParentDirectory(path);
  if (stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    throw FlagError("INPUT ILLEGAL: the directory of outputFile does not exist: " + directory);
  }
  return path;
}

void RequireFile(const std::string &path, const std::string &flag) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw FlagError("INPUT ILLEGAL: " + flag + " is not a readable file: " + path);
  }
}

void RequireFlags(const Values &values, bool no_arguments) {
  std::string missing;
  const std::pair<const char *, const char *> kRequired[] = {{"fmk", "INPUT MISSING: fmk is necessary"},
                                                             {"modelFile", "INPUT MISSING: model file path is necessary"},
                                                             {"outputFile", "INPUT MISSING: output file path is necessary"}};
  for (const auto &flag : kRequired) {
    if (Take(values, flag.first).empty()) {
      missing += (missing.empty() ? "" : "\n") + std::string(flag.second);
    }
  }
  if (!missing.empty()) {
    throw FlagError(missing, no_arguments ? kParamInvalid : kInputParamInvalid, no_arguments);
  }
}

// What the official tool can do in other builds and this library cannot: an error, never a shrug.
void RefuseUnsupported(const Values &values) {
  if (values.count("saveType") != 0) {
    Choose<int>(values.at("saveType"), {{"MINDIR_LITE", 0}},
                "INPUT ILLEGAL: saveType of this device-side converter must be MINDIR_LITE");
  }
  if (values.count("outputDataFormat") != 0) {
    Choose<int>(values.at("outputDataFormat"), {{"", 0}, {"NHWC", 0}},
                "INPUT ILLEGAL: outputDataFormat is not supported by this converter library except NHWC");
  }
  for (const char *name : {"encryption", "optimizeTransformer"}) {
    if (Bool(values, name)) {
      throw FlagError("INPUT ILLEGAL: " + std::string(name) + " is not supported by this converter library");
    }
  }
  for (const char *name : {"encryptKey", "decryptKey", "decryptMode", "device"}) {
    if (!Take(values, name).empty()) {
      throw FlagError("INPUT ILLEGAL: " + std::string(name) + " is not supported by this converter library");
    }
  }
}

void CheckTraining(const Flags &flags) {
  using mindspore::DataType;
  const auto is_float = [](DataType type) {
    return type == DataType::kNumberTypeFloat32 || type == DataType::kTypeUnknown;
  };
  if (!flags.train_model) {
    return;
  }
  if (flags.fmk != mindspore::converter::kFmkTypeMs) {
    throw FlagError("INPUT ILLEGAL: train model converter supporting only MINDIR format");
  }
  if (!is_float(flags.input_type)) {
    throw FlagError("INPUT ILLEGAL: train model converter supporting only FP32 input tensors");
  }
  if (!is_float(flags.output_type)) {
    throw FlagError("INPUT ILLEGAL: train model converter supporting only FP32 output tensors");
  }
}

Flags Interpret(const Values &values, bool no_arguments) {
  using namespace mindspore::converter;  // NOLINT(build/namespaces)
  Flags flags;
  RequireFlags(values, no_arguments);
  flags.fmk = Choose<FmkType>(values.at("fmk"),
                              {{"TF", kFmkTypeTf},
                               {"TFLITE", kFmkTypeTflite},
                               {"CAFFE", kFmkTypeCaffe},
                               {"MINDIR", kFmkTypeMs},
                               {"ONNX", kFmkTypeOnnx}},
                              "INPUT ILLEGAL: fmk must be TF|TFLITE|CAFFE|MINDIR|ONNX");
  flags.model_file = values.at("modelFile");
  flags.weight_file = Take(values, "weightFile");
  flags.config_file = Take(values, "configFile");
  RefuseUnsupported(values);
  if (!flags.weight_file.empty() && flags.fmk != kFmkTypeCaffe) {
    throw FlagError("INPUT ILLEGAL: weightFile is not a valid flag");
  }
  RequireFile(flags.model_file, "modelFile");
  flags.output_file = OutputFile(values.at("outputFile"));
  flags.fp16 = Choose<bool>(Take(values, "fp16", "off"), {{"on", true}, {"off", false}},
                            "INPUT ILLEGAL: fp16 must be on|off");
  flags.input_shapes = Shapes(Take(values, "inputShape"));
  flags.input_format = Choose<mindspore::Format>(
    Take(values, "inputDataFormat"), {{"", mindspore::NHWC}, {"NHWC", mindspore::NHWC}, {"NCHW", mindspore::NCHW}},
    "INPUT ILLEGAL: inputDataFormat must be NHWC|NCHW");
  flags.input_type = Type(Take(values, "inputDataType", "DEFAULT"), "inputDataType");
  flags.output_type = Type(Take(values, "outputDataType", "DEFAULT"), "outputDataType");
  flags.train_model = Bool(values, "trainModel");
  flags.infer = Bool(values, "infer");
  flags.no_fusion = Choose<bool>(Take(values, "optimize", "general"), {{"none", true}, {"general", false}},
                                 "INPUT ILLEGAL: optimize must be none|general");
  CheckTraining(flags);
  if (!flags.config_file.empty()) {
    RequireFile(flags.config_file, "configFile");
    CheckConfigSections(flags.config_file);
  }
  return flags;
}

}  // namespace

std::string Usage() {
  std::string text = "Usage: converter_lite [options]\n\n";
  for (const auto &flag : kFlags) {
    std::string left = "  --" + std::string(flag.name) + (flag.boolean ? "" : "=VALUE");
    left.resize(left.size() < 30 ? 30 : left.size() + 1, ' ');
    text += left + flag.help + "\n";
  }
  return text;
}

Flags ParseFlags(int argc, const char *const *argv) {
  Values values;
  for (int i = 1; i < argc && std::string(argv[i]) != "--"; ++i) {
    ParseArgument(argv[i], &values);
  }
  Flags flags;
  if (Take(values, "help") == "true") {
    flags.action = Action::kHelp;
  } else if (Take(values, "version") == "true") {
    flags.action = Action::kVersion;
  } else {
    flags = Interpret(values, argc <= 1);
  }
  return flags;
}

}  // namespace converter_lite
