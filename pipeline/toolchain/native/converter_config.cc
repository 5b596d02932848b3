// The library skips a section that it does not know without a word, so that a misspelt name gives an
// unquantized model and "success".  Sections are therefore checked here; keys the library checks itself.
#include <fstream>
#include <set>
#include <string>

#include "converter_flags.h"

namespace converter_lite {
namespace {

const std::set<std::string> &KnownSections() {
  static const std::set<std::string> sections = {
    "common_quant_param",    "weight_quant_param",   "mixed_bit_weight_quant_param",
    "full_quant_param",      "transform_quant_param", "data_preprocess_param",
    "registry",              "micro_param",          "cpu_option_cfg_param"};
  return sections;
}

std::string Trim(const std::string &text) {
  const char *blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

void CheckConfigSections(const std::string &path) {
  std::ifstream file(path);
  std::string unknown;
  bool plugins = false;  // a plugin may read sections of its own
  for (std::string line; std::getline(file, line);) {
    const std::string text = Trim(line);
    if (line.compare(0, 1, "#") == 0 || text.empty()) {
      continue;
    }
    plugins = plugins || text.compare(0, 11, "plugin_path") == 0;
    if (text.front() == '[' && text.back() == ']') {
      const std::string section = text.substr(1, text.size() - 2);
      if (KnownSections().count(section) == 0 && unknown.empty()) {
        unknown = section;
      }
    }
  }
  if (!unknown.empty() && !plugins) {
    throw FlagError("INPUT ILLEGAL: section [" + unknown + "] of configFile is not supported by this converter library");
  }
}

}  // namespace converter_lite
