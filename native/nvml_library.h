#pragma once

#include <cstddef>
#include <string>

#include "dynamic_library.h"

namespace bytesper::nvml {

// The NVML functions that are used here, declared from NVIDIA's NVML API reference, so that building needs no
// CUDA toolkit.
using Device = void*;
using Status = int;
constexpr Status kSuccess = 0;
constexpr Status kInsufficientSize = 7;
constexpr Status kFunctionNotFound = 13;

struct Memory {
  unsigned long long total, free, used;
};

struct MemoryV2 {
  unsigned int version;
  unsigned long long total, reserved, free, used;
};
constexpr unsigned int kMemoryV2Version = sizeof(MemoryV2) | 2u << 24;
static_assert(kMemoryV2Version == 0x02000028, "the version word of nvmlMemory_v2_t holds its size");

// What all records of the process query begin with. Version 1 fills records of 16 bytes, version 2 of 24,
// which add the ids of the instance. Version 3 fills either, and in some drivers of the branch 535 records of
// 32 bytes.
struct Process {
  unsigned int pid;
  unsigned long long used_bytes;
};
static_assert(sizeof(Process) == 16, "the start of nvmlProcessInfo_t");
constexpr size_t kLargestProcess = 32;

constexpr unsigned int kMigEnabled = 1;

// libnvidia-ml.so.1, initialised from a successful Open until destruction. NVML counts its users, so this
// does not disturb other users in the process.
class Library {
 public:
  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();

  // Returns an empty string, or why NVML cannot be used.
  std::string Open();
  // Returns "WHAT failed: " and NVML's own message for the status.
  std::string Describe(const char* what, Status status) const;

  Status (*init)() = nullptr;
  Status (*shutdown)() = nullptr;
  Status (*count)(unsigned int*) = nullptr;
  Status (*handle)(unsigned int, Device*) = nullptr;
  // Missing in some drivers; check before a call.
  const char* (*error_string)(Status) = nullptr;
  Status (*driver_version)(char*, unsigned int) = nullptr;
  Status (*name)(Device, char*, unsigned int) = nullptr;
  Status (*uuid)(Device, char*, unsigned int) = nullptr;
  Status (*memory)(Device, Memory*) = nullptr;
  Status (*memory_v2)(Device, MemoryV2*) = nullptr;
  Status (*processes_v1)(Device, unsigned int*, void*) = nullptr;
  Status (*processes_v2)(Device, unsigned int*, void*) = nullptr;
  Status (*processes_v3)(Device, unsigned int*, void*) = nullptr;
  Status (*mig_mode)(Device, unsigned int* now, unsigned int* after_reset) = nullptr;
  Status (*mig_count)(Device, unsigned int*) = nullptr;
  Status (*mig_device)(Device, unsigned int, Device*) = nullptr;

 private:
  DynamicLibrary library_;
  bool initialised_ = false;
};

}  // namespace bytesper::nvml
