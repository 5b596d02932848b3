// The shortest loop over the runtime, without the runner and without the C API: what the runner's samples
// are held against.  MODEL THREADS WARM_UP LOOPS; prints the nanoseconds of each inference, one a line.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "include/api/context.h"
#include "include/api/model.h"

using Clock = std::chrono::steady_clock;

int main(int argc, char **argv) {
  if (argc != 5) {
    return 2;
  }
  auto context = std::make_shared<mindspore::Context>();
  context->SetThreadNum(std::atoi(argv[2]));
  context->SetThreadAffinity(0);
  context->MutableDeviceInfo().push_back(std::make_shared<mindspore::CPUDeviceInfo>());
  mindspore::Model model;
  if (model.Build(argv[1], mindspore::kMindIR, context) != mindspore::kSuccess) {
    return 1;
  }
  auto inputs = model.GetInputs();
  for (auto &input : inputs) {
    auto *data = static_cast<float *>(input.MutableData());
    for (size_t i = 0; i < input.DataSize() / sizeof(float); ++i) {
      data[i] = 0.1f + 0.9f * static_cast<float>(i % 97) / 97.0f;
    }
  }
  const int warm_up = std::atoi(argv[3]);
  const int loops = std::atoi(argv[4]);
  std::vector<long long> samples;
  samples.reserve(loops);
  for (int i = 0; i < warm_up + loops; ++i) {
    std::vector<mindspore::MSTensor> outputs;
    const auto start = Clock::now();
    if (model.Predict(inputs, &outputs) != mindspore::kSuccess) {
      return 1;
    }
    const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start);
    if (i >= warm_up) {
      samples.push_back(elapsed.count());
    }
  }
  for (const long long sample : samples) {
    std::printf("%lld\n", sample);
  }
  std::fflush(stdout);
  std::_Exit(0);
}
