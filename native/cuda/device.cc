#include "device.h"

#include <cstdio>
#include <vector>

#include "fat_binary.h"

namespace bytesper::cuda {
namespace {

bool Check(const Api& api, const char* call, Result result, std::string* why) {
  if (result == kSuccess) return true;
  *why = Describe(api, call, result);
  return false;
}

// Empty where the file cannot be read.
std::vector<char> ReadFile(const std::string& name) {
  std::vector<char> bytes;
  FILE* const file = fopen(name.c_str(), "rb");
  if (file == nullptr) return bytes;
  char buffer[65536];
  for (size_t count; (count = fread(buffer, 1, sizeof(buffer), file)) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + count);
  }
  fclose(file);
  return bytes;
}

}  // namespace

std::shared_ptr<Device> Device::Open(int index, std::string* why) {
  static std::mutex mutex;
  static auto* const open = new std::map<int, std::weak_ptr<Device>>;
  const Api* const api = OpenApi(why);
  if (api == nullptr) return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  std::weak_ptr<Device>& known = (*open)[index];
  if (std::shared_ptr<Device> device = known.lock()) return device;
  std::shared_ptr<Device> device(new Device(*api, index));
  if (!device->Start(why)) return nullptr;
  known = device;
  return device;
}

bool Device::Start(std::string* why) {
  int count = 0;
  if (!Check(api_, "cuDeviceGetCount", api_.device_count(&count), why)) return false;
  if (index_ < 0 || index_ >= count) {
    *why = "there is no CUDA device " + std::to_string(index_) + " (the driver lists " +
           std::to_string(count) + ")";
    return false;
  }
  if (!Check(api_, "cuDeviceGet", api_.device_get(&ordinal_, index_), why)) return false;
  int pools = 0;
  int major = 0;
  int minor = 0;
  struct Query {
    int* value;
    int attribute;
  };
  for (const Query& query :
       {Query{&pools, kMemoryPools}, Query{&major, kMajor}, Query{&minor, kMinor},
        Query{&most_shared_bytes_, kMostSharedBytes}, Query{&processors_, kProcessors}}) {
    const Result result = api_.device_attribute(query.value, query.attribute, ordinal_);
    if (!Check(api_, "cuDeviceGetAttribute", result, why)) return false;
  }
  if (pools == 0) {
    *why = "this device or driver has no memory pools";
    return false;
  }
  arch_ = 10 * major + minor;
  Context context = nullptr;
  if (!Check(api_, "cuDevicePrimaryCtxRetain", api_.context_retain(&context, ordinal_), why)) return false;
  context_ = context;
  return true;
}

Device::~Device() {
  if (context_ == nullptr) return;
  std::string unused;
  if (!modules_.empty() && Use(&unused)) {
    for (const auto& module : modules_) api_.module_unload(module.second);
  }
  api_.context_release(ordinal_);
}

bool Device::Use(std::string* why) const {
  return Check(api_, "cuCtxSetCurrent", api_.context_use(context_), why);
}

bool Device::UsedBytes(uint64_t* bytes, std::string* why) const {
  size_t free = 0;
  size_t total = 0;
  if (!Use(why) || !Check(api_, "cuMemGetInfo", api_.memory_info(&free, &total), why)) return false;
  *bytes = total - free;
  return true;
}

bool Device::Load(const std::string& file, Module* module, std::string* why) {
  const std::vector<char> image = ReadFile(file);
  if (image.empty()) {
    *why = "the CUDA kernels (" + file + ") are not there: they are built where nvcc is";
    return false;
  }
  const Result result = api_.module_load(module, image.data());
  if (result == kSuccess) return true;
  int driver = 0;
  const bool known = api_.driver_version != nullptr && api_.driver_version(&driver) == kSuccess;
  *why = Describe(api_, "cuModuleLoadData", result) + WhyTooOld(image, known ? driver : 0);
  return false;
}

bool Device::Kernel(const std::string& file, const std::string& name, int shared_bytes, Function* function,
                    std::string* why) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!Use(why)) return false;
  const auto loaded = modules_.find(file);
  Module module = loaded == modules_.end() ? nullptr : loaded->second;
  if (module == nullptr) {
    if (!Load(file, &module, why)) return false;
    modules_[file] = module;
  }
  const auto found = functions_.find({module, name});
  if (found != functions_.end()) {
    *function = found->second;
    return true;
  }
  if (shared_bytes > most_shared_bytes_) {
    *why = name + " needs more shared memory than this device has";
    return false;
  }
  // Up to this many bytes a launch needs no leave.
  constexpr int kSharedBytesWithoutOptIn = 48 * 1024;
  if (!Check(api_, name.c_str(), api_.module_function(function, module, name.c_str()), why)) return false;
  if (shared_bytes > kSharedBytesWithoutOptIn &&
      !Check(api_, "cuFuncSetAttribute", api_.function_set(*function, kMaxDynamicSharedBytes, shared_bytes),
             why)) {
    return false;
  }
  functions_[{module, name}] = *function;
  return true;
}

}  // namespace bytesper::cuda
