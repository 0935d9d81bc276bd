#include "nvml.h"

#include <cstdint>
#include <string>
#include <vector>

#include "dynamic_library.h"
#include "reading.h"

#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace bytesper {
namespace {

// The part of NVML's interface that is used here, as NVIDIA's NVML API reference describes it.
using Device = void*;
using Status = int;
constexpr Status kSuccess = 0;
constexpr Status kInsufficientSize = 7;

struct MemoryV1 {
  unsigned long long total, free, used;
};
struct MemoryV2 {
  unsigned int version;
  unsigned long long total, reserved, free, used;
};
// sizeof(MemoryV2) | 2 << 24
constexpr unsigned int kMemoryV2Version = 0x02000028;
static_assert(sizeof(MemoryV2) == 0x28, "the version word of nvmlMemory_v2_t holds its size");

// Version 1 of the process query fills records of 16 bytes; versions 2 and 3 fill records of 24.
struct ProcessV1 {
  unsigned int pid;
  unsigned long long used_bytes;
};
struct ProcessV2 {
  unsigned int pid;
  unsigned long long used_bytes;
  unsigned int gpu_instance_id, compute_instance_id;
};
static_assert(sizeof(ProcessV1) == 16 && sizeof(ProcessV2) == 24, "layouts of nvmlProcessInfo_t");

struct Nvml {
  Status (*init)() = nullptr;
  Status (*shutdown)() = nullptr;
  const char* (*error_string)(Status) = nullptr;
  Status (*driver_version)(char*, unsigned int) = nullptr;
  Status (*count)(unsigned int*) = nullptr;
  Status (*handle)(unsigned int, Device*) = nullptr;
  Status (*name)(Device, char*, unsigned int) = nullptr;
  Status (*uuid)(Device, char*, unsigned int) = nullptr;
  Status (*memory_v1)(Device, MemoryV1*) = nullptr;
  Status (*memory_v2)(Device, MemoryV2*) = nullptr;
  Status (*processes)(Device, unsigned int*, ProcessV2*) = nullptr;
  Status (*processes_v1)(Device, unsigned int*, ProcessV1*) = nullptr;
};

template <typename Function>
void** Target(Function* function) {
  return reinterpret_cast<void**>(function);
}

std::string OpenNvml(DynamicLibrary* library, Nvml* nvml) {
  const Symbol symbols[] = {
      {Target(&nvml->init), {"nvmlInit_v2", "nvmlInit"}, true},
      {Target(&nvml->shutdown), {"nvmlShutdown"}, true},
      {Target(&nvml->error_string), {"nvmlErrorString"}, false},
      {Target(&nvml->driver_version), {"nvmlSystemGetDriverVersion"}, false},
      {Target(&nvml->count), {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"}, true},
      {Target(&nvml->handle), {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"}, true},
      {Target(&nvml->name), {"nvmlDeviceGetName"}, false},
      {Target(&nvml->uuid), {"nvmlDeviceGetUUID"}, false},
      {Target(&nvml->memory_v1), {"nvmlDeviceGetMemoryInfo"}, false},
      {Target(&nvml->memory_v2), {"nvmlDeviceGetMemoryInfo_v2"}, false},
      {Target(&nvml->processes),
       {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"},
       false},
      {Target(&nvml->processes_v1), {"nvmlDeviceGetComputeRunningProcesses"}, false},
  };
  return library->Open("libnvidia-ml.so.1", symbols, sizeof(symbols) / sizeof(symbols[0]));
}

std::string Describe(const Nvml& nvml, const char* what, Status status) {
  const char* text = nvml.error_string == nullptr ? nullptr : nvml.error_string(status);
  std::string sentence = std::string(what) + " failed: ";
  return sentence + (text == nullptr ? "NVML error " + std::to_string(status) : text);
}

Napi::Value Text(Napi::Env env, const Nvml& nvml, const char* what,
                 Status (*query)(Device, char*, unsigned int), Device device) {
  if (query == nullptr) return AbsentToJs(env, std::string("this driver has no ") + what);
  char text[128] = {};
  const Status status = query(device, text, sizeof(text) - 1);
  if (status != kSuccess) return AbsentToJs(env, Describe(nvml, what, status));
  return Napi::String::New(env, text);
}

void SetMemory(Napi::Env env, const Nvml& nvml, Device device, Napi::Object out) {
  std::string why = "this driver has no nvmlDeviceGetMemoryInfo";
  if (nvml.memory_v2 != nullptr) {
    MemoryV2 memory = {};
    memory.version = kMemoryV2Version;
    const Status status = nvml.memory_v2(device, &memory);
    if (status == kSuccess) {
      out.Set("totalBytes", ToJs(env, Reading::Of(memory.total)));
      out.Set("usedBytes", ToJs(env, Reading::Of(memory.used)));
      out.Set("freeBytes", ToJs(env, Reading::Of(memory.free)));
      out.Set("reservedBytes", ToJs(env, Reading::Of(memory.reserved)));
      // The reference says that used includes reserved, readings from the field say that it does not: the sum
      // decides. Where nothing is reserved, the question has no answer.
      const unsigned long long sum = memory.used + memory.free;
      if (memory.reserved == 0) {
        out.Set("usedIncludesReserved", AbsentToJs(env, "nothing is reserved, so the sums cannot tell"));
      } else if (sum == memory.total || sum + memory.reserved == memory.total) {
        out.Set("usedIncludesReserved", Napi::Boolean::New(env, sum == memory.total));
      } else {
        out.Set("usedIncludesReserved",
                AbsentToJs(env, "total is neither used + free nor used + free + reserved"));
      }
      return;
    }
    why = Describe(nvml, "nvmlDeviceGetMemoryInfo_v2", status);
  }
  if (nvml.memory_v1 != nullptr) {
    MemoryV1 memory = {};
    const Status status = nvml.memory_v1(device, &memory);
    if (status == kSuccess) {
      out.Set("totalBytes", ToJs(env, Reading::Of(memory.total)));
      out.Set("usedBytes", ToJs(env, Reading::Of(memory.used)));
      out.Set("freeBytes", ToJs(env, Reading::Of(memory.free)));
      out.Set("reservedBytes",
              AbsentToJs(env, "only the first version of the memory query works here (" + why + ")"));
      out.Set("usedIncludesReserved", Napi::Boolean::New(env, true));
      return;
    }
    why = Describe(nvml, "nvmlDeviceGetMemoryInfo", status);
  }
  for (const char* field :
       {"totalBytes", "usedBytes", "freeBytes", "reservedBytes", "usedIncludesReserved"}) {
    out.Set(field, AbsentToJs(env, why));
  }
}

struct DeviceProcess {
  unsigned int pid;
  unsigned long long used_bytes;
};

// Asks for the list with a growing buffer: processes may start between the two calls that NVML suggests.
template <typename Record>
Status ListProcesses(Device device, Status (*query)(Device, unsigned int*, Record*),
                     std::vector<DeviceProcess>* out) {
  Status status = kInsufficientSize;
  for (unsigned int capacity = 32; capacity <= 8192 && status == kInsufficientSize; capacity *= 4) {
    std::vector<Record> records(capacity);
    unsigned int count = capacity;
    status = query(device, &count, records.data());
    if (status != kSuccess) continue;
    for (unsigned int index = 0; index < count && index < capacity; ++index) {
      out->push_back({records[index].pid, records[index].used_bytes});
    }
  }
  return status;
}

Reading UsedByProcess(unsigned long long bytes) {
  // NVML_VALUE_NOT_AVAILABLE: display-driver model of Windows, WSL, and some drivers elsewhere.
  if (bytes == UINT64_MAX) return Reading::Absent("the driver does not say what a process uses here");
  return Reading::Of(bytes);
}

void SetProcesses(Napi::Env env, const Nvml& nvml, Device device, Napi::Object out) {
  std::vector<DeviceProcess> processes;
  Status status = kSuccess;
  if (nvml.processes != nullptr) {
    status = ListProcesses(device, nvml.processes, &processes);
  } else if (nvml.processes_v1 != nullptr) {
    status = ListProcesses(device, nvml.processes_v1, &processes);
  } else {
    out.Set("processes", AbsentToJs(env, "this driver has no query for processes"));
    out.Set("ownUsedBytes", AbsentToJs(env, "this driver has no query for processes"));
    return;
  }
  if (status != kSuccess) {
    const std::string why = Describe(nvml, "the query for processes", status);
    out.Set("processes", AbsentToJs(env, why));
    out.Set("ownUsedBytes", AbsentToJs(env, why));
    return;
  }
  Reading own = Reading::Absent(
      "this process is not in the driver's list: it holds nothing on the device, or runs in a container, "
      "where the "
      "driver lists the host's process ids");
#if !defined(_WIN32)
  const unsigned int own_pid = static_cast<unsigned int>(getpid());
#else
  const unsigned int own_pid = 0;
#endif
  Napi::Array list = Napi::Array::New(env, processes.size());
  for (size_t index = 0; index < processes.size(); ++index) {
    const Reading used = UsedByProcess(processes[index].used_bytes);
    if (processes[index].pid == own_pid) own = used;
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("pid", Napi::Number::New(env, processes[index].pid));
    entry.Set("usedBytes", ToJs(env, used));
    list.Set(static_cast<uint32_t>(index), entry);
  }
  out.Set("processes", list);
  out.Set("ownUsedBytes", ToJs(env, own));
}

Napi::Value Report(Napi::Env env, const Nvml& nvml) {
  unsigned int count = 0;
  Status status = nvml.count(&count);
  if (status != kSuccess) return AbsentToJs(env, Describe(nvml, "nvmlDeviceGetCount", status));
  Napi::Object report = Napi::Object::New(env);
  char driver[128] = {};
  if (nvml.driver_version != nullptr && nvml.driver_version(driver, sizeof(driver) - 1) == kSuccess) {
    report.Set("driverVersion", Napi::String::New(env, driver));
  } else {
    report.Set("driverVersion", AbsentToJs(env, "the driver does not tell its version"));
  }
  Napi::Array devices = Napi::Array::New(env, count);
  for (unsigned int index = 0; index < count; ++index) {
    Napi::Object out = Napi::Object::New(env);
    out.Set("index", Napi::Number::New(env, index));
    Device device = nullptr;
    status = nvml.handle(index, &device);
    if (status != kSuccess) {
      const std::string why = Describe(nvml, "nvmlDeviceGetHandleByIndex", status);
      for (const char* field : {"name", "uuid", "totalBytes", "usedBytes", "freeBytes", "reservedBytes",
                                "usedIncludesReserved", "processes", "ownUsedBytes"}) {
        out.Set(field, AbsentToJs(env, why));
      }
    } else {
      out.Set("name", Text(env, nvml, "nvmlDeviceGetName", nvml.name, device));
      out.Set("uuid", Text(env, nvml, "nvmlDeviceGetUUID", nvml.uuid, device));
      SetMemory(env, nvml, device, out);
      SetProcesses(env, nvml, device, out);
    }
    devices.Set(index, out);
  }
  report.Set("devices", devices);
  return report;
}

}  // namespace

Napi::Value NvmlDevices(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  DynamicLibrary library;
  Nvml nvml;
  const std::string why = OpenNvml(&library, &nvml);
  if (!why.empty()) return AbsentToJs(env, why);
  const Status status = nvml.init();
  if (status != kSuccess) return AbsentToJs(env, Describe(nvml, "nvmlInit", status));
  Napi::Value report = Report(env, nvml);
  nvml.shutdown();
  return report;
}

}  // namespace bytesper
