#include "nvml.h"

#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "nvml_library.h"
#include "pid_namespace.h"
#include "reading.h"

namespace bytesper {
namespace {

using nvml::kSuccess;
using nvml::Status;

// More than any machine has, and low enough that a wrong count of a driver cannot exhaust memory.
constexpr unsigned int kMostDevices = 1024;
constexpr unsigned int kMostProcesses = 8192;

Napi::Value Text(Napi::Env env, const nvml::Library& nvml, const char* what,
                 Status (*query)(nvml::Device, char*, unsigned int), nvml::Device device) {
  if (query == nullptr) return AbsentToJs(env, std::string("this driver has no ") + what);
  char text[128] = {};
  const Status status = query(device, text, sizeof(text) - 1);
  if (status != kSuccess) return AbsentToJs(env, nvml.Describe(what, status));
  return Napi::String::New(env, text);
}

// The first version of the query has no `reserved`. The other fields mean the same in both versions.
struct DeviceMemory {
  unsigned long long total, free, used, reserved;
  bool has_reserved;
};

// Returns an empty string, or why no version of the query works. If only the first version works, `*why_v1`
// says why the second did not.
std::string QueryMemory(const nvml::Library& nvml, nvml::Device device, DeviceMemory* out,
                        std::string* why_v1) {
  *why_v1 = "this driver has no nvmlDeviceGetMemoryInfo_v2";
  if (nvml.memory_v2 != nullptr) {
    nvml::MemoryV2 memory = {};
    memory.version = nvml::kMemoryV2Version;
    const Status status = nvml.memory_v2(device, &memory);
    if (status == kSuccess) {
      *out = {memory.total, memory.free, memory.used, memory.reserved, true};
      return {};
    }
    // This was seen with real drivers: the second version exists and fails, and the first one works.
    *why_v1 = nvml.Describe("nvmlDeviceGetMemoryInfo_v2", status);
  }
  if (nvml.memory == nullptr) return *why_v1;
  nvml::Memory memory = {};
  const Status status = nvml.memory(device, &memory);
  if (status != kSuccess) return nvml.Describe("nvmlDeviceGetMemoryInfo", status);
  *out = {memory.total, memory.free, memory.used, 0, false};
  return {};
}

// NVIDIA's reference says that `used` includes `reserved`. Readings from real drivers show that it may not.
// So the sum decides for this driver.
Napi::Value UsedIncludesReserved(Napi::Env env, const DeviceMemory& memory) {
  const unsigned long long sum = memory.used + memory.free;
  if (memory.has_reserved && memory.reserved == 0) {
    return AbsentToJs(env, "nothing is reserved, so the sums cannot tell");
  }
  if (sum == memory.total) return Napi::Boolean::New(env, true);
  if (memory.has_reserved && sum + memory.reserved == memory.total) return Napi::Boolean::New(env, false);
  return AbsentToJs(env, memory.has_reserved ? "total is neither used + free nor used + free + reserved"
                                             : "total is not used + free");
}

void SetMemory(Napi::Env env, const nvml::Library& nvml, nvml::Device device, Napi::Object out) {
  DeviceMemory memory = {};
  std::string why_v1;
  const std::string why = QueryMemory(nvml, device, &memory, &why_v1);
  if (!why.empty()) {
    for (const char* field :
         {"totalBytes", "usedBytes", "freeBytes", "reservedBytes", "usedIncludesReserved"}) {
      out.Set(field, AbsentToJs(env, why));
    }
    return;
  }
  out.Set("totalBytes", ToJs(env, Reading::Of(memory.total)));
  out.Set("usedBytes", ToJs(env, Reading::Of(memory.used)));
  out.Set("freeBytes", ToJs(env, Reading::Of(memory.free)));
  out.Set("reservedBytes",
          memory.has_reserved
              ? ToJs(env, Reading::Of(memory.reserved))
              : AbsentToJs(env, "only the first version of the memory query answers (" + why_v1 + ")"));
  out.Set("usedIncludesReserved", UsedIncludesReserved(env, memory));
}

struct DeviceProcess {
  unsigned int pid;
  unsigned long long used_bytes;
};

struct ProcessList {
  std::unique_ptr<DeviceProcess[]> entries;
  unsigned int count = 0;
};

// Repeats the query with a larger buffer: the list may grow between the call that gives its length and the
// call that fills it.
template <typename Record>
Status ListProcesses(nvml::Device device, Status (*query)(nvml::Device, unsigned int*, Record*),
                     ProcessList* out) {
  if (query == nullptr) return nvml::kFunctionNotFound;
  for (unsigned int capacity = 32; capacity <= kMostProcesses; capacity *= 4) {
    const std::unique_ptr<Record[]> records(new (std::nothrow) Record[capacity]());
    if (records == nullptr) break;
    unsigned int count = capacity;
    const Status status = query(device, &count, records.get());
    if (status == nvml::kInsufficientSize) continue;
    if (status != kSuccess) return status;
    if (count > capacity) count = capacity;
    out->entries.reset(new (std::nothrow) DeviceProcess[count]);
    if (out->entries == nullptr) break;
    for (unsigned int index = 0; index < count; ++index) {
      out->entries[index] = {records[index].pid, records[index].used_bytes};
    }
    out->count = count;
    return kSuccess;
  }
  return nvml::kInsufficientSize;
}

Status ListProcesses(const nvml::Library& nvml, nvml::Device device, ProcessList* out) {
  Status status = ListProcesses(device, nvml.processes_v3, out);
  if (status == nvml::kFunctionNotFound) status = ListProcesses(device, nvml.processes_v2, out);
  if (status == nvml::kFunctionNotFound) status = ListProcesses(device, nvml.processes_v1, out);
  return status;
}

Reading UsedByProcess(unsigned long long bytes) {
  // NVML_VALUE_NOT_AVAILABLE: given by the display-driver model of Windows, by WSL, and by some other
  // drivers.
  if (bytes == UINT64_MAX) return Reading::Absent("the driver does not say what a process uses here");
  return Reading::Of(bytes);
}

Reading OwnUse(const ProcessList& list) {
  const PidScope scope = OwnPidScope();
  Reading own = Reading::Absent("");
  bool listed = false;
  bool all_visible = true;
  for (unsigned int index = 0; index < list.count; ++index) {
    const DeviceProcess& process = list.entries[index];
    all_visible = all_visible && IsVisiblePid(process.pid);
    if (process.pid != OwnPid()) continue;
    const Reading used = UsedByProcess(process.used_bytes);
    // A process has one entry for each instance of a partitioned device. If one part is unknown, the sum is
    // unknown.
    if (!listed || (own.present && !used.present)) {
      own = used;
    } else if (own.present) {
      own.value += used.value;
    }
    listed = true;
  }
  // In a nested PID namespace, the same number may be another process on the host. Drivers that translate
  // pids list only processes of this namespace. One entry that is not visible here shows that this driver
  // does not.
  if (listed && (scope == PidScope::kHost || all_visible)) return own;
  switch (scope) {
    case PidScope::kHost:
      return Reading::Absent("this process holds no memory on the device");
    case PidScope::kNested:
      return Reading::Absent(
          "in a container NVML reports PIDs of the host's namespace, so this process cannot be told apart");
    default:
      return Reading::Absent(
          "NVML does not list this process: it holds no memory on the device, or NVML "
          "reports PIDs of another namespace");
  }
}

void SetProcesses(Napi::Env env, const nvml::Library& nvml, nvml::Device device, Napi::Object out) {
  ProcessList list;
  const Status status = ListProcesses(nvml, device, &list);
  if (status != kSuccess) {
    const std::string why = nvml.Describe("nvmlDeviceGetComputeRunningProcesses", status);
    out.Set("processes", AbsentToJs(env, why));
    out.Set("ownUsedBytes", AbsentToJs(env, why));
    return;
  }
  Napi::Array processes = Napi::Array::New(env, list.count);
  for (unsigned int index = 0; index < list.count; ++index) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("pid", Napi::Number::New(env, list.entries[index].pid));
    entry.Set("usedBytes", ToJs(env, UsedByProcess(list.entries[index].used_bytes)));
    processes.Set(index, entry);
  }
  out.Set("processes", processes);
  out.Set("ownUsedBytes", ToJs(env, OwnUse(list)));
}

Napi::Value DriverVersion(Napi::Env env, const nvml::Library& nvml) {
  constexpr char kWhat[] = "nvmlSystemGetDriverVersion";
  if (nvml.driver_version == nullptr) return AbsentToJs(env, std::string("this driver has no ") + kWhat);
  char text[128] = {};
  const Status status = nvml.driver_version(text, sizeof(text) - 1);
  if (status != kSuccess) return AbsentToJs(env, nvml.Describe(kWhat, status));
  return Napi::String::New(env, text);
}

Napi::Object DeviceReport(Napi::Env env, const nvml::Library& nvml, unsigned int index) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("index", Napi::Number::New(env, index));
  nvml::Device device = nullptr;
  const Status status = nvml.handle(index, &device);
  if (status != kSuccess) {
    const std::string why = nvml.Describe("nvmlDeviceGetHandleByIndex", status);
    for (const char* field : {"name", "uuid", "totalBytes", "usedBytes", "freeBytes", "reservedBytes",
                              "usedIncludesReserved", "processes", "ownUsedBytes"}) {
      out.Set(field, AbsentToJs(env, why));
    }
    return out;
  }
  out.Set("name", Text(env, nvml, "nvmlDeviceGetName", nvml.name, device));
  out.Set("uuid", Text(env, nvml, "nvmlDeviceGetUUID", nvml.uuid, device));
  SetMemory(env, nvml, device, out);
  SetProcesses(env, nvml, device, out);
  return out;
}

}  // namespace

Napi::Value NvmlDevices(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  nvml::Library nvml;
  const std::string why = nvml.Open();
  if (!why.empty()) return AbsentToJs(env, why);
  unsigned int count = 0;
  const Status status = nvml.count(&count);
  if (status != kSuccess) return AbsentToJs(env, nvml.Describe("nvmlDeviceGetCount", status));
  if (count > kMostDevices) {
    return AbsentToJs(env, "nvmlDeviceGetCount tells an impossible " + std::to_string(count) + " devices");
  }
  Napi::Object report = Napi::Object::New(env);
  report.Set("driverVersion", DriverVersion(env, nvml));
  Napi::Array devices = Napi::Array::New(env, count);
  for (unsigned int index = 0; index < count; ++index) devices.Set(index, DeviceReport(env, nvml, index));
  report.Set("devices", devices);
  return report;
}

}  // namespace bytesper
