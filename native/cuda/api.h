#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bytesper::cuda {

// The part of the CUDA driver interface that pools and kernels need, as NVIDIA's driver API reference
// describes it.
using Result = int;
using Ordinal = int;
using Context = void*;
using Stream = void*;
using Event = void*;
using Module = void*;
using Function = void*;
using Pool = void*;
using Address = unsigned long long;

constexpr Result kSuccess = 0;
constexpr Result kOutOfMemory = 2;

// CUmemPoolProps. Older drivers know the last three fields as one reserved space of the same size.
struct PoolProperties {
  int allocation_type;
  int handle_types;
  int location_type;
  int location_id;
  void* windows_attributes;
  size_t most_bytes;
  unsigned short usage;
  unsigned char reserved[54];
};
static_assert(sizeof(PoolProperties) == 88, "as in cuda.h");

enum PoolAttribute { kReleaseThreshold = 4, kReservedNow, kReservedHigh, kUsedNow, kUsedHigh };
enum DeviceAttribute {
  kProcessors = 16,
  kMajor = 75,
  kMinor = 76,
  kMostSharedBytes = 97,
  kMemoryPools = 115
};
constexpr int kMaxDynamicSharedBytes = 8;
constexpr unsigned kStreamNonBlocking = 1;

struct Api {
  Result (*init)(unsigned);
  Result (*error_string)(Result, const char**);
  Result (*driver_version)(int*);  // null: not there
  Result (*device_count)(int*);
  Result (*device_get)(Ordinal*, int);
  Result (*device_attribute)(int*, int, Ordinal);
  Result (*context_retain)(Context*, Ordinal);
  Result (*context_release)(Ordinal);
  Result (*context_use)(Context);
  Result (*memory_info)(size_t*, size_t*);
  Result (*pool_create)(Pool*, const PoolProperties*);
  Result (*pool_destroy)(Pool);
  Result (*pool_get)(Pool, int, void*);
  Result (*pool_set)(Pool, int, void*);
  Result (*pool_trim)(Pool, size_t);
  Result (*allocate)(Address*, size_t, Pool, Stream);
  Result (*free)(Address, Stream);
  Result (*stream_create)(Stream*, unsigned);
  Result (*stream_destroy)(Stream);
  Result (*stream_wait)(Stream);
  Result (*to_device)(Address, const void*, size_t, Stream);
  Result (*to_host)(void*, Address, size_t, Stream);
  Result (*on_device)(Address, Address, size_t, Stream);
  Result (*set_bytes)(Address, unsigned char, size_t, Stream);
  Result (*module_load)(Module*, const void*);
  Result (*module_unload)(Module);
  Result (*module_function)(Function*, Module, const char*);
  Result (*function_set)(Function, int, int);
  Result (*launch)(Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream,
                   void**, void**);
  Result (*encode_tensor_map)(void* map, int type, uint32_t rank, void* address, const uint64_t* sizes,
                              const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides,
                              int interleave, int swizzle, int promotion, int fill);  // null: not there
  Result (*event_create)(Event*, unsigned);
  Result (*event_destroy)(Event);
  Result (*event_record)(Event, Stream);
  Result (*event_elapsed)(float*, Event, Event);
};

// The driver, opened once for the process and never closed, or null with the reason.
const Api* OpenApi(std::string* why);

// "cuMemAllocFromPoolAsync failed: out of memory"
std::string Describe(const Api& api, const char* call, Result result);

}  // namespace bytesper::cuda
