#include "nvml_library.h"

namespace bytesper::nvml {

std::string Library::Open() {
  const Symbol symbols[] = {
      {SymbolTarget(&init), {"nvmlInit_v2", "nvmlInit"}, true},
      {SymbolTarget(&shutdown), {"nvmlShutdown"}, true},
      {SymbolTarget(&count), {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"}, true},
      {SymbolTarget(&handle), {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"}, true},
      {SymbolTarget(&error_string), {"nvmlErrorString"}, false},
      {SymbolTarget(&driver_version), {"nvmlSystemGetDriverVersion"}, false},
      {SymbolTarget(&name), {"nvmlDeviceGetName"}, false},
      {SymbolTarget(&uuid), {"nvmlDeviceGetUUID"}, false},
      // The layouts of the following functions differ by version, so each version has its own target.
      {SymbolTarget(&memory), {"nvmlDeviceGetMemoryInfo"}, false},
      {SymbolTarget(&memory_v2), {"nvmlDeviceGetMemoryInfo_v2"}, false},
      {SymbolTarget(&processes_v1), {"nvmlDeviceGetComputeRunningProcesses"}, false},
      {SymbolTarget(&processes_v2), {"nvmlDeviceGetComputeRunningProcesses_v2"}, false},
      {SymbolTarget(&processes_v3), {"nvmlDeviceGetComputeRunningProcesses_v3"}, false},
      {SymbolTarget(&mig_mode), {"nvmlDeviceGetMigMode"}, false},
      {SymbolTarget(&mig_count), {"nvmlDeviceGetMaxMigDeviceCount"}, false},
      {SymbolTarget(&mig_device), {"nvmlDeviceGetMigDeviceHandleByIndex"}, false},
  };
  std::string why = library_.Open("libnvidia-ml.so.1", symbols, sizeof(symbols) / sizeof(symbols[0]));
  if (!why.empty()) return why;
  const Status status = init();
  if (status != kSuccess) return Describe("nvmlInit", status);
  initialised_ = true;
  return {};
}

Library::~Library() {
  if (initialised_) shutdown();
}

std::string Library::Describe(const char* what, Status status) const {
  const char* text = error_string == nullptr ? nullptr : error_string(status);
  const std::string cause = text == nullptr ? "NVML error " + std::to_string(status) : text;
  return std::string(what) + " failed: " + cause;
}

}  // namespace bytesper::nvml
