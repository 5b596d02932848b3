// converter_lite: the official converter's command line over libmindspore_converter.so.
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>

#include "converter_api.h"
#include "converter_flags.h"

namespace {

using converter_lite::Action;
using converter_lite::FlagError;
using converter_lite::Flags;
using converter_lite::NotHonoured;

// Only async-signal-safe calls: the heap may be what broke.
void OnCrash(int /*signal*/) {
  static const char message[] =
    "encounter an unknown error, please verify the input model file or the configuration of the conversion\n";
  const ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
  static_cast<void>(written);
  _exit(1);
}

void CatchCrashes() {
  for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS}) {
    signal(number, OnCrash);
  }
}

// The official tool returns its 32-bit status from main, so a shell sees the low byte.  The library's
// static destructors are of no use to a program that has done its work.
[[noreturn]] void Finish(int status) {
  std::cout.flush();
  std::cerr.flush();
  const bool lost = !std::cout.good();
  _exit(lost && status == 0 ? 255 : status & 0xFF);
}

mindspore::Status Convert(const Flags &flags) {
  using mindspore::StringToChar;
  mindspore::Converter converter(flags.fmk, StringToChar(flags.model_file), StringToChar(flags.output_file),
                                 StringToChar(flags.weight_file));
  std::map<mindspore::Chars, std::vector<int64_t>> shapes;
  for (const auto &shape : flags.input_shapes) {
    shapes[StringToChar(shape.first)] = shape.second;
  }
  converter.SetSaveType(mindspore::kMindIR_Lite);
  converter.SetEnableEncryption(false);
  converter.SetWeightFp16(flags.fp16);
  converter.SetInputShape(shapes);
  converter.SetInputFormat(flags.input_format);
  converter.SetInputDataType(flags.input_type);
  converter.SetOutputDataType(flags.output_type);
  converter.SetTrainModel(flags.train_model);
  converter.SetInfer(flags.infer);
  converter.SetNoFusion(flags.no_fusion);
  if (!flags.config_file.empty()) {
    converter.SetConfigFile(StringToChar(flags.config_file));
  }
  return converter.Convert();
}

// A model that is not what was asked for must not be taken for it.
int Check(const Flags &flags) {
  try {
    converter_lite::CheckHonoured(flags);
    return 0;
  } catch (const NotHonoured &error) {
    std::cerr << "INPUT ILLEGAL: " << error.what() << std::endl;
    std::cout << "Convert failed. Ret: Fail to support." << std::endl;
    unlink((flags.output_file + ".ms").c_str());
    return converter_lite::kNotSupport;
  }
}

int RunConversion(const Flags &flags) {
  CatchCrashes();
  const mindspore::Status status = Convert(flags);
  if (status.IsOk()) {
    return Check(flags);
  }
  std::string text = status.GetErrDescription();
  std::cout << "Convert failed. Ret: " << (text.empty() ? status.ToString() : text) << std::endl;
  return static_cast<int>(status.StatusCode());
}

int Main(int argc, const char *const *argv) {
  const Flags flags = converter_lite::ParseFlags(argc, argv);
  if (flags.action == Action::kHelp) {
    std::cerr << converter_lite::Usage();
    return 0;
  }
  if (flags.action == Action::kVersion) {
    std::cout << mindspore::CharToString(mindspore::CharVersion()) << std::endl;
    return 0;
  }
  return RunConversion(flags);
}

}  // namespace

int main(int argc, char **argv) {
  try {
    Finish(Main(argc, argv));
  } catch (const FlagError &error) {
    std::cerr << error.what() << std::endl;
    if (error.show_usage()) {
      std::cerr << converter_lite::Usage();
    }
    std::cout << "Flags Init failed. Ret: " << converter_lite::kInputParamInvalid << std::endl;
    Finish(error.status());
  } catch (const std::exception &error) {
    std::cerr << error.what() << std::endl;
    std::cout << "Convert failed. Ret: Common error code." << std::endl;
    Finish(-1);
  }
}
