// The library drops some options without a word (--inputShape and the data types for MINDIR models, names
// of inputs that do not exist).  Where one of them was given, the finished model is loaded and looked at.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "converter_flags.h"
#include "include/api/context.h"
#include "include/api/model.h"

namespace converter_lite {
namespace {

using mindspore::DataType;
using mindspore::MSTensor;
using Shape = std::vector<int64_t>;

std::string Text(const Shape &shape) {
  std::string text;
  for (const int64_t dim : shape) {
    text += (text.empty() ? "" : ",") + std::to_string(dim);
  }
  return text;
}

// 4-D inputs come out as NHWC whatever the source's layout; unknown dimensions (-1, 0) match anything.
bool SameShape(const Shape &wanted, const Shape &made) {
  const auto equal = [](const Shape &left, const Shape &right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](int64_t a, int64_t b) { return a == b || a <= 0 || b <= 0; });
  };
  return equal(wanted, made) ||
         (wanted.size() == 4 && equal({wanted[0], wanted[2], wanted[3], wanted[1]}, made));
}

void CheckShapes(const Flags &flags, const std::vector<MSTensor> &inputs) {
  for (const auto &wanted : flags.input_shapes) {
    const auto found = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const MSTensor &input) { return input.Name() == wanted.first; });
    if (found == inputs.end()) {
      throw NotHonoured("inputShape names an input that the model does not have: " + wanted.first);
    }
    if (!SameShape(wanted.second, found->Shape())) {
      throw NotHonoured("inputShape was ignored by this converter library: " + wanted.first + " has the shape " +
                        Text(found->Shape()) + ", not " + Text(wanted.second));
    }
  }
}

void CheckTypes(DataType wanted, const std::vector<MSTensor> &tensors, const std::string &flag) {
  for (const auto &tensor : tensors) {
    if (wanted != DataType::kTypeUnknown && tensor.DataType() != wanted) {
      throw NotHonoured(flag + " was ignored by this converter library: " + tensor.Name() + " has another type");
    }
  }
}

}  // namespace

void CheckHonoured(const Flags &flags) {
  if (flags.input_shapes.empty() && flags.input_type == DataType::kTypeUnknown &&
      flags.output_type == DataType::kTypeUnknown) {
    return;
  }
  auto context = std::make_shared<mindspore::Context>();
  context->MutableDeviceInfo().push_back(std::make_shared<mindspore::CPUDeviceInfo>());
  mindspore::Model model;
  if (!model.Build(flags.output_file + ".ms", mindspore::kMindIR_Lite, context).IsOk()) {
    throw NotHonoured("the converted model does not load, so that its inputs cannot be checked");
  }
  CheckShapes(flags, model.GetInputs());
  CheckTypes(flags.input_type, model.GetInputs(), "inputDataType");
  CheckTypes(flags.output_type, model.GetOutputs(), "outputDataType");
}

}  // namespace converter_lite
