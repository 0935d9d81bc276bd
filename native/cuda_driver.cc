#include "cuda_driver.h"

#include <string>

#include "dynamic_library.h"
#include "reading.h"

namespace bytesper {
namespace {

// The part of the CUDA driver interface that is used here, as NVIDIA's driver API reference describes it.
using Result = int;
using Ordinal = int;
using Context = void*;
constexpr Result kSuccess = 0;
constexpr Result kNoDevice = 100;

struct Cuda {
  Result (*init)(unsigned int) = nullptr;
  Result (*error_string)(Result, const char**) = nullptr;
  Result (*driver_version)(int*) = nullptr;
  Result (*count)(int*) = nullptr;
  Result (*get)(Ordinal*, int) = nullptr;
  Result (*name)(char*, int, Ordinal) = nullptr;
  Result (*total)(size_t*, Ordinal) = nullptr;
  Result (*current)(Context*) = nullptr;
  Result (*current_device)(Ordinal*) = nullptr;
  Result (*memory)(size_t*, size_t*) = nullptr;
};

template <typename Function>
void** Target(Function* function) {
  return reinterpret_cast<void**>(function);
}

std::string OpenCuda(DynamicLibrary* library, Cuda* cuda) {
  const Symbol symbols[] = {
      {Target(&cuda->init), {"cuInit"}, true},
      {Target(&cuda->error_string), {"cuGetErrorString"}, false},
      {Target(&cuda->driver_version), {"cuDriverGetVersion"}, false},
      {Target(&cuda->count), {"cuDeviceGetCount"}, true},
      {Target(&cuda->get), {"cuDeviceGet"}, true},
      {Target(&cuda->name), {"cuDeviceGetName"}, false},
      {Target(&cuda->total), {"cuDeviceTotalMem_v2", "cuDeviceTotalMem"}, true},
      {Target(&cuda->current), {"cuCtxGetCurrent"}, false},
      {Target(&cuda->current_device), {"cuCtxGetDevice"}, false},
      {Target(&cuda->memory), {"cuMemGetInfo_v2", "cuMemGetInfo"}, false},
  };
  return library->Open("libcuda.so.1", symbols, sizeof(symbols) / sizeof(symbols[0]));
}

std::string Describe(const Cuda& cuda, const char* what, Result result) {
  const char* text = nullptr;
  std::string sentence = std::string(what) + " failed: ";
  if (cuda.error_string != nullptr && cuda.error_string(result, &text) == kSuccess && text != nullptr) {
    return sentence + text;
  }
  return sentence + "CUDA error " + std::to_string(result);
}

Napi::Value Free(Napi::Env env, const Cuda& cuda, Ordinal device) {
  Context context = nullptr;
  Ordinal owner = -1;
  if (cuda.current == nullptr || cuda.memory == nullptr || cuda.current_device == nullptr) {
    return AbsentToJs(env, "this driver has no query for free memory");
  }
  if (cuda.current(&context) != kSuccess || context == nullptr) {
    return AbsentToJs(env, "no CUDA context exists, and making one would itself take device memory");
  }
  if (cuda.current_device(&owner) != kSuccess || owner != device) {
    return AbsentToJs(env, "the current CUDA context belongs to another device");
  }
  size_t free = 0;
  size_t total = 0;
  const Result result = cuda.memory(&free, &total);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuMemGetInfo", result));
  return ToJs(env, Reading::Of(free));
}

Napi::Value Entry(Napi::Env env, const Cuda& cuda, int index) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("index", Napi::Number::New(env, index));
  Ordinal device = 0;
  Result result = cuda.get(&device, index);
  if (result != kSuccess) {
    const std::string why = Describe(cuda, "cuDeviceGet", result);
    for (const char* field : {"name", "totalBytes", "freeBytes"}) out.Set(field, AbsentToJs(env, why));
    return out;
  }
  char name[256] = {};
  result = cuda.name == nullptr ? kNoDevice : cuda.name(name, sizeof(name) - 1, device);
  out.Set("name", result == kSuccess ? Napi::String::New(env, name).As<Napi::Value>()
                                     : AbsentToJs(env, Describe(cuda, "cuDeviceGetName", result)));
  size_t total = 0;
  result = cuda.total(&total, device);
  out.Set("totalBytes", result == kSuccess ? ToJs(env, Reading::Of(total))
                                           : AbsentToJs(env, Describe(cuda, "cuDeviceTotalMem", result)));
  out.Set("freeBytes", Free(env, cuda, device));
  return out;
}

}  // namespace

Napi::Value CudaDevices(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  DynamicLibrary library;
  Cuda cuda;
  const std::string why = OpenCuda(&library, &cuda);
  if (!why.empty()) return AbsentToJs(env, why);
  Result result = cuda.init(0);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuInit", result));
  int count = 0;
  result = cuda.count(&count);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuDeviceGetCount", result));
  Napi::Object report = Napi::Object::New(env);
  int version = 0;
  if (cuda.driver_version != nullptr && cuda.driver_version(&version) == kSuccess) {
    const std::string text = std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
    report.Set("driverVersion", Napi::String::New(env, text));
  } else {
    report.Set("driverVersion", AbsentToJs(env, "the driver does not tell its version"));
  }
  Napi::Array devices = Napi::Array::New(env, static_cast<size_t>(count < 0 ? 0 : count));
  for (int index = 0; index < count; ++index)
    devices.Set(static_cast<uint32_t>(index), Entry(env, cuda, index));
  report.Set("devices", devices);
  return report;
}

}  // namespace bytesper
