#include "nvml.h"

#include <cstdint>
#include <cstring>
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

constexpr unsigned char kUntouched = 0xa5;

// The bytes of a record, from how far a query wrote into a buffer that was filled with kUntouched. The size
// cannot be told from the name of the function: drivers of the branches 510 to 535 fill other records under
// the same name.
size_t RecordBytes(const unsigned char* buffer, size_t size, unsigned int count) {
  size_t end = size;
  while (end > 0 && buffer[end - 1] == kUntouched) --end;
  for (const size_t bytes : {sizeof(nvml::Process), size_t{24}}) {
    if (end <= bytes * count) return bytes;
  }
  return nvml::kLargestProcess;
}

// Repeats the query with a larger buffer: the list may grow between the call that gives its length and the
// call that fills it.
Status ListProcesses(nvml::Device device, Status (*query)(nvml::Device, unsigned int*, void*),
                     ProcessList* out) {
  if (query == nullptr) return nvml::kFunctionNotFound;
  for (unsigned int capacity = 32; capacity <= kMostProcesses; capacity *= 4) {
    const size_t size = capacity * nvml::kLargestProcess;
    const std::unique_ptr<unsigned char[]> buffer(new (std::nothrow) unsigned char[size]);
    if (buffer == nullptr) break;
    memset(buffer.get(), kUntouched, size);
    unsigned int count = capacity;
    const Status status = query(device, &count, buffer.get());
    if (status == nvml::kInsufficientSize) continue;
    if (status != kSuccess) return status;
    if (count > capacity) count = capacity;
    out->entries.reset(new (std::nothrow) DeviceProcess[count]);
    if (out->entries == nullptr) break;
    const size_t bytes = RecordBytes(buffer.get(), size, count);
    for (unsigned int index = 0; index < count; ++index) {
      nvml::Process record;
      memcpy(&record, buffer.get() + index * bytes, sizeof(record));
      out->entries[index] = {record.pid, record.used_bytes};
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

// One instance of a partitioned device counts its memory and its processes by itself. Whether MIG is on
// stands in the report only where it is.
void SetMigDevices(Napi::Env env, const nvml::Library& nvml, nvml::Device device, Napi::Object out) {
  unsigned int now = 0;
  unsigned int after_reset = 0;
  if (nvml.mig_mode == nullptr || nvml.mig_mode(device, &now, &after_reset) != kSuccess ||
      now != nvml::kMigEnabled) {
    return;
  }
  unsigned int most = 0;
  if (nvml.mig_count == nullptr || nvml.mig_device == nullptr) {
    return out.Set("migDevices", AbsentToJs(env, "this driver cannot list MIG instances")), void();
  }
  const Status status = nvml.mig_count(device, &most);
  if (status != kSuccess || most > kMostDevices) {
    const std::string why = status == kSuccess ? "nvmlDeviceGetMaxMigDeviceCount tells an impossible count"
                                               : nvml.Describe("nvmlDeviceGetMaxMigDeviceCount", status);
    return out.Set("migDevices", AbsentToJs(env, why)), void();
  }
  Napi::Array instances = Napi::Array::New(env);
  for (unsigned int index = 0; index < most; ++index) {
    nvml::Device instance = nullptr;
    // Indices without an instance are not an error.
    if (nvml.mig_device(device, index, &instance) != kSuccess) continue;
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("index", Napi::Number::New(env, index));
    entry.Set("name", Text(env, nvml, "nvmlDeviceGetName", nvml.name, instance));
    entry.Set("uuid", Text(env, nvml, "nvmlDeviceGetUUID", nvml.uuid, instance));
    SetMemory(env, nvml, instance, entry);
    SetProcesses(env, nvml, instance, entry);
    instances.Set(instances.Length(), entry);
  }
  out.Set("migDevices", instances);
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
  SetMigDevices(env, nvml, device, out);
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
