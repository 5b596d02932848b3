// Stand-in for the packed-weight sharing of libmindspore_converter.so.
//
// The library shares packed weights between the models of a server and loses those that it decodes at
// load, so that models with quantized weights do not load.  Its calls go through the procedure linkage
// table; definitions that come first in the process win.  These share nothing: every model packs its own
// weights, as the runtime of a device does.  Member names and parameter types are those of the library's
// symbol table.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace mindspore {
namespace lite {

class Model;
class Tensor;

class __attribute__((visibility("default"))) PackWeightManager {
 public:
  using Config = std::map<std::string, std::map<std::string, std::string>>;

  int InitPackWeightManager(const char *model, size_t size, std::string *model_id, std::string *runner_id,
                            const Config *config);
  char *GetSharedModelBuf(const char *model, std::string model_id, const Config *config, bool *is_shared);
  int StoreOriginTensorData(Model *model, std::vector<Tensor *> *tensors);
  void *GetPackData(const void *origin, size_t size, bool *is_packed);
  void *ReplaceFp16Data(void *origin, size_t size, bool *is_replaced);
  void Free(void *data);
  void FreePackWeight(std::string runner_id, std::string model_id);
};

int PackWeightManager::InitPackWeightManager(const char *, size_t, std::string *, std::string *, const Config *) {
  return 0;
}

char *PackWeightManager::GetSharedModelBuf(const char *model, std::string, const Config *, bool *is_shared) {
  if (is_shared != nullptr) {
    *is_shared = false;
  }
  return const_cast<char *>(model);
}

int PackWeightManager::StoreOriginTensorData(Model *, std::vector<Tensor *> *) { return 0; }

void *PackWeightManager::GetPackData(const void *, size_t size, bool *is_packed) {
  constexpr size_t kAlignment = 64;  // a cache line, and the widest vector register
  if (is_packed != nullptr) {
    *is_packed = false;
  }
  const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
  return rounded < size ? nullptr : std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded);
}

// "Not replaced" makes the caller allocate for itself. The library's own would read the store that was never made
// and crash on models with float16 weights: all of these members are replaced, or none.
void *PackWeightManager::ReplaceFp16Data(void *, size_t, bool *is_replaced) {
  if (is_replaced != nullptr) {
    *is_replaced = false;
  }
  return nullptr;
}

void PackWeightManager::Free(void *data) { std::free(data); }

void PackWeightManager::FreePackWeight(std::string, std::string) {}

}  // namespace lite
}  // namespace mindspore
