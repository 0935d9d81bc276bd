#include "cuda_driver.h"

#include <string>

#include "dynamic_library.h"
#include "reading.h"

namespace bytesper {
namespace {

// The CUDA driver functions that are used here, declared from NVIDIA's driver API reference.
using Result = int;
using Ordinal = int;
using Context = void*;
constexpr Result kSuccess = 0;

// More than any machine has, and low enough that a wrong count of a driver cannot exhaust memory.
constexpr int kMostDevices = 1024;

struct Cuda {
  Result (*init)(unsigned int) = nullptr;
  Result (*error_string)(Result, const char**) = nullptr;
  Result (*driver_version)(int*) = nullptr;
  Result (*count)(int*) = nullptr;
  Result (*get)(Ordinal*, int) = nullptr;
  Result (*name)(char*, int, Ordinal) = nullptr;
  Result (*uuid)(unsigned char*, Ordinal) = nullptr;
  Result (*total)(size_t*, Ordinal) = nullptr;
  Result (*current)(Context*) = nullptr;
  Result (*current_device)(Ordinal*) = nullptr;
  Result (*memory)(size_t*, size_t*) = nullptr;
};

std::string OpenCuda(DynamicLibrary* library, Cuda* cuda) {
  // The names without _v2 are functions of CUDA 3.1 that count bytes in 32 bits, so they cannot replace
  // these.
  const Symbol symbols[] = {
      {SymbolTarget(&cuda->init), {"cuInit"}, true},
      {SymbolTarget(&cuda->error_string), {"cuGetErrorString"}, false},
      {SymbolTarget(&cuda->driver_version), {"cuDriverGetVersion"}, false},
      {SymbolTarget(&cuda->count), {"cuDeviceGetCount"}, true},
      {SymbolTarget(&cuda->get), {"cuDeviceGet"}, true},
      {SymbolTarget(&cuda->name), {"cuDeviceGetName"}, false},
      {SymbolTarget(&cuda->uuid), {"cuDeviceGetUuid_v2", "cuDeviceGetUuid"}, false},
      {SymbolTarget(&cuda->total), {"cuDeviceTotalMem_v2"}, true},
      {SymbolTarget(&cuda->current), {"cuCtxGetCurrent"}, false},
      {SymbolTarget(&cuda->current_device), {"cuCtxGetDevice"}, false},
      {SymbolTarget(&cuda->memory), {"cuMemGetInfo_v2"}, false},
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
  if (cuda.current == nullptr || cuda.memory == nullptr || cuda.current_device == nullptr) {
    return AbsentToJs(env, "this driver has no query for free memory");
  }
  Context context = nullptr;
  Result result = cuda.current(&context);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuCtxGetCurrent", result));
  if (context == nullptr) {
    return AbsentToJs(env, "no CUDA context is current, and making one would itself take device memory");
  }
  Ordinal owner = -1;
  result = cuda.current_device(&owner);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuCtxGetDevice", result));
  if (owner != device) return AbsentToJs(env, "the current CUDA context belongs to another device");
  size_t free = 0;
  size_t total = 0;
  result = cuda.memory(&free, &total);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuMemGetInfo", result));
  return ToJs(env, Reading::Of(free));
}

Napi::Value Name(Napi::Env env, const Cuda& cuda, Ordinal device) {
  if (cuda.name == nullptr) return AbsentToJs(env, "this driver has no cuDeviceGetName");
  char name[256] = {};
  const Result result = cuda.name(name, sizeof(name) - 1, device);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuDeviceGetName", result));
  return Napi::String::New(env, name);
}

// As NVML and nvidia-smi write it; of a MIG instance, that instance's own.
Napi::Value Uuid(Napi::Env env, const Cuda& cuda, Ordinal device) {
  if (cuda.uuid == nullptr) return AbsentToJs(env, "this driver has no cuDeviceGetUuid");
  unsigned char bytes[16] = {};
  const Result result = cuda.uuid(bytes, device);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuDeviceGetUuid", result));
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    for (const int digit : {bytes[i] >> 4, bytes[i] & 15}) text += "0123456789abcdef"[digit];
  }
  return Napi::String::New(env, text);
}

Napi::Value Total(Napi::Env env, const Cuda& cuda, Ordinal device) {
  size_t total = 0;
  const Result result = cuda.total(&total, device);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuDeviceTotalMem", result));
  return ToJs(env, Reading::Of(total));
}

Napi::Object DeviceReport(Napi::Env env, const Cuda& cuda, int index) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("index", Napi::Number::New(env, index));
  Ordinal device = 0;
  const Result result = cuda.get(&device, index);
  if (result != kSuccess) {
    const std::string why = Describe(cuda, "cuDeviceGet", result);
    for (const char* field : {"name", "uuid", "totalBytes", "freeBytes"})
      out.Set(field, AbsentToJs(env, why));
    return out;
  }
  out.Set("name", Name(env, cuda, device));
  out.Set("uuid", Uuid(env, cuda, device));
  out.Set("totalBytes", Total(env, cuda, device));
  out.Set("freeBytes", Free(env, cuda, device));
  return out;
}

Napi::Value DriverVersion(Napi::Env env, const Cuda& cuda) {
  if (cuda.driver_version == nullptr) return AbsentToJs(env, "this driver has no cuDriverGetVersion");
  int version = 0;
  const Result result = cuda.driver_version(&version);
  if (result != kSuccess) return AbsentToJs(env, Describe(cuda, "cuDriverGetVersion", result));
  // 12040 is CUDA 12.4.
  return Napi::String::New(env, std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10));
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
  if (count < 0 || count > kMostDevices) {
    return AbsentToJs(env, "cuDeviceGetCount tells an impossible " + std::to_string(count) + " devices");
  }
  Napi::Object report = Napi::Object::New(env);
  report.Set("driverVersion", DriverVersion(env, cuda));
  Napi::Array devices = Napi::Array::New(env, static_cast<size_t>(count));
  for (int index = 0; index < count; ++index) {
    devices.Set(static_cast<uint32_t>(index), DeviceReport(env, cuda, index));
  }
  report.Set("devices", devices);
  return report;
}

}  // namespace bytesper
