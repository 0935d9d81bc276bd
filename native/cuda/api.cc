#include "api.h"

#include "../dynamic_library.h"

namespace bytesper::cuda {
namespace {

struct Opened {
  DynamicLibrary library;
  Api api = {};
  std::string why;
};

Opened* Open() {
  auto* const opened = new Opened;
  Api* const api = &opened->api;
  // Names without _v2 or _v3 stand for functions that count bytes in 32 bits or keep other rules; where one
  // of these is given, it is the only one of its kind.
  const Symbol symbols[] = {
      {SymbolTarget(&api->init), {"cuInit"}, true},
      {SymbolTarget(&api->error_string), {"cuGetErrorString"}, false},
      {SymbolTarget(&api->driver_version), {"cuDriverGetVersion"}, false},
      {SymbolTarget(&api->device_count), {"cuDeviceGetCount"}, true},
      {SymbolTarget(&api->device_get), {"cuDeviceGet"}, true},
      {SymbolTarget(&api->device_attribute), {"cuDeviceGetAttribute"}, true},
      {SymbolTarget(&api->context_retain), {"cuDevicePrimaryCtxRetain"}, true},
      {SymbolTarget(&api->context_release), {"cuDevicePrimaryCtxRelease_v2"}, true},
      {SymbolTarget(&api->context_use), {"cuCtxSetCurrent"}, true},
      {SymbolTarget(&api->memory_info), {"cuMemGetInfo_v2"}, true},
      {SymbolTarget(&api->pool_create), {"cuMemPoolCreate"}, true},
      {SymbolTarget(&api->pool_destroy), {"cuMemPoolDestroy"}, true},
      {SymbolTarget(&api->pool_get), {"cuMemPoolGetAttribute"}, true},
      {SymbolTarget(&api->pool_set), {"cuMemPoolSetAttribute"}, true},
      {SymbolTarget(&api->pool_trim), {"cuMemPoolTrimTo"}, true},
      {SymbolTarget(&api->allocate), {"cuMemAllocFromPoolAsync"}, true},
      {SymbolTarget(&api->free), {"cuMemFreeAsync"}, true},
      {SymbolTarget(&api->stream_create), {"cuStreamCreate"}, true},
      {SymbolTarget(&api->stream_destroy), {"cuStreamDestroy_v2"}, true},
      {SymbolTarget(&api->stream_wait), {"cuStreamSynchronize"}, true},
      {SymbolTarget(&api->to_device), {"cuMemcpyHtoDAsync_v2"}, true},
      {SymbolTarget(&api->to_host), {"cuMemcpyDtoHAsync_v2"}, true},
      {SymbolTarget(&api->on_device), {"cuMemcpyDtoDAsync_v2"}, true},
      {SymbolTarget(&api->set_bytes), {"cuMemsetD8Async"}, true},
      {SymbolTarget(&api->module_load), {"cuModuleLoadData"}, true},
      {SymbolTarget(&api->module_unload), {"cuModuleUnload"}, true},
      {SymbolTarget(&api->module_function), {"cuModuleGetFunction"}, true},
      {SymbolTarget(&api->function_set), {"cuFuncSetAttribute"}, true},
      {SymbolTarget(&api->launch), {"cuLaunchKernel"}, true},
      // From CUDA 12 on; the kernels that need it say so where it is missing.
      {SymbolTarget(&api->encode_tensor_map), {"cuTensorMapEncodeTiled"}, false},
      {SymbolTarget(&api->event_create), {"cuEventCreate"}, true},
      {SymbolTarget(&api->event_destroy), {"cuEventDestroy_v2"}, true},
      {SymbolTarget(&api->event_record), {"cuEventRecord"}, true},
      {SymbolTarget(&api->event_elapsed), {"cuEventElapsedTime"}, true},
  };
  opened->why = opened->library.Open("libcuda.so.1", symbols, sizeof(symbols) / sizeof(symbols[0]));
  if (!opened->why.empty()) return opened;
  const Result result = api->init(0);
  if (result != kSuccess) opened->why = Describe(*api, "cuInit", result);
  return opened;
}

}  // namespace

const Api* OpenApi(std::string* why) {
  // A driver keeps threads and state of its own: it is never closed, also not at the end of an environment.
  static const Opened* const opened = Open();
  if (opened->why.empty()) return &opened->api;
  *why = opened->why;
  return nullptr;
}

std::string Describe(const Api& api, const char* call, Result result) {
  const char* text = nullptr;
  const std::string sentence = std::string(call) + " failed: ";
  if (api.error_string != nullptr && api.error_string(result, &text) == kSuccess && text != nullptr) {
    return sentence + text;
  }
  return sentence + "CUDA error " + std::to_string(result);
}

}  // namespace bytesper::cuda
