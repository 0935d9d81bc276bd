// A libcuda.so.1 for the host side of pools and attention: device memory is the host's, kernels run on the
// emulated machine. Set by environment variables:
//   STAND_IN_ARCH      compute capability, such as 75 or 100; 80 unless given. STAND_IN_HOPPER is 90
//   STAND_IN_DRIVER    what cuDriverGetVersion says; 13000 unless given. One before 13000 loads no image
//   STAND_IN_TOTAL     bytes of the device
//   STAND_IN_GRANULE   bytes in which it reserves memory; 2 MiB unless given
//   STAND_IN_FAIL      call=status@n makes every call of that name from the n-th on fail
//   STAND_IN_PLAIN     the kernels are plain loops, not the emulated machine: faster
//   STAND_IN_KERNEL    faults of kernels, part-of-a-name=fault with commas between: lie (wrong numbers),
//                      short (the last eighth of its output is not written), hang, crash, fault (an illegal
//                      address) or lose (the device is gone, for later processes too)
//   STAND_IN_STRICT    look-ups between the two events of a time fail, and so does one that was made before
//   STAND_IN_LOST      the file that stands for a device that is gone, where it exists
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "hopper_emulation.h"
#include "kernels.cu"
#include "plain_kernels.h"

namespace {

using bytesper::attention::AttentionParams;
using bytesper::attention::AttentionSm90Params;
using bytesper::attention::DecodeParams;
using bytesper::attention::ElementParams;
using bytesper::attention::StreamParams;

constexpr int kOutOfMemory = 2;
constexpr int kInvalidValue = 1;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text == nullptr ? otherwise : strtoull(text, nullptr, 10);
}
uint64_t Granule() { return Setting("STAND_IN_GRANULE", uint64_t{2} << 20); }
int Arch() {
  return static_cast<int>(Setting("STAND_IN_ARCH", getenv("STAND_IN_HOPPER") != nullptr ? 90 : 80));
}
int Driver() { return static_cast<int>(Setting("STAND_IN_DRIVER", 13000)); }

std::mutex mutex;
std::map<std::string, int> calls;

// The context is dead: every later call of this process fails with it.
int dead = 0;

bool IsLost() {
  const char* file = getenv("STAND_IN_LOST");
  return file != nullptr && access(file, F_OK) == 0;
}

// Between the first and the second of two events.
bool clock_runs = false;
// Names of functions that were looked up.
std::set<std::string> looked_up;

// Whether a look-up comes at a time, or again, where STAND_IN_STRICT wants none.
bool IsForbidden(const std::string& name) {
  if (getenv("STAND_IN_STRICT") == nullptr) return false;
  std::lock_guard<std::mutex> lock(mutex);
  return clock_runs || !looked_up.insert(name).second;
}

// Counts the call and answers the status that it must fail with, or 0.
int Faulty(const char* name) {
  std::lock_guard<std::mutex> lock(mutex);
  if (IsLost()) return strcmp(name, "cuInit") == 0 ? 100 : 999;
  if (dead != 0) return dead;
  const int count = ++calls[name];
  const char* wanted = getenv("STAND_IN_FAIL");
  if (wanted == nullptr) return 0;
  const std::string text = wanted;
  const size_t equals = text.find('=');
  const size_t at = text.find('@');
  if (equals == std::string::npos || at == std::string::npos || text.substr(0, equals) != name) return 0;
  // From that call on: a device that has gone does not come back.
  return count >= atoi(text.c_str() + at + 1) ? atoi(text.c_str() + equals + 1) : 0;
}

struct Pool {
  uint64_t used = 0, used_high = 0, reserved = 0, reserved_high = 0, threshold = 0;
};
struct Block {
  Pool* pool;
  size_t size;
};
std::map<unsigned long long, Block> blocks;
std::set<Pool*> pools;

uint64_t TotalBytes() { return Setting("STAND_IN_TOTAL", uint64_t{1} << 32); }

uint64_t ReservedByAll() {
  uint64_t sum = 0;
  for (const Pool* pool : pools) sum += pool->reserved;
  return sum;
}

void Shrink(Pool* pool, uint64_t keep) {
  const uint64_t least = (pool->used + Granule() - 1) / Granule() * Granule();
  const uint64_t wanted = keep > least ? keep : least;
  if (pool->reserved > wanted) pool->reserved = wanted;
}

using Attention = void (*)(const AttentionParams);
using Elements = void (*)(const ElementParams);
using Sm90 = void (*)(const AttentionSm90Params);
struct Kernel {
  Attention attention;
  Elements elements;
  Sm90 sm90 = nullptr;
  void (*decode)(const DecodeParams) = nullptr;
  void (*stream)(const StreamParams) = nullptr;
};

#define ATTENTION(name)      \
  {                          \
#name, { name, nullptr } \
  }
#define ELEMENT(name)        \
  {                          \
#name, { nullptr, name } \
  }
#define SM90(name)                    \
  {                                   \
#name, { nullptr, nullptr, name } \
  }
#define DECODE(name)                           \
  {                                            \
#name, { nullptr, nullptr, nullptr, name } \
  }
#define DECODE_DIMS(name) DECODE(name##_d64), DECODE(name##_d128), DECODE(name##_d256)
std::map<std::string, Kernel> kernels = {
    DECODE_DIMS(bytesper_decode_fp16_fp16),
    DECODE_DIMS(bytesper_decode_bf16_bf16),
    DECODE_DIMS(bytesper_decode_fp16_fp8),
    DECODE_DIMS(bytesper_decode_bf16_fp8),
    DECODE(bytesper_decode_join_fp16),
    DECODE(bytesper_decode_join_bf16),
    {"bytesper_stream_read", {nullptr, nullptr, nullptr, nullptr, bytesper_stream_read}},
    SM90(bytesper_flash_sm90_fp16_d64_full),
    SM90(bytesper_flash_sm90_fp16_d64_causal),
    SM90(bytesper_flash_sm90_fp16_d128_full),
    SM90(bytesper_flash_sm90_fp16_d128_causal),
    SM90(bytesper_flash_sm90_bf16_d64_full),
    SM90(bytesper_flash_sm90_bf16_d64_causal),
    SM90(bytesper_flash_sm90_bf16_d128_full),
    SM90(bytesper_flash_sm90_bf16_d128_causal),
    ATTENTION(bytesper_scores_fp32_fp32),
    ATTENTION(bytesper_scores_fp16_fp32),
    ATTENTION(bytesper_scores_fp16_fp16),
    ATTENTION(bytesper_scores_bf16_fp32),
    ATTENTION(bytesper_scores_bf16_bf16),
    ATTENTION(bytesper_values_fp32_fp32),
    ATTENTION(bytesper_values_fp16_fp32),
    ATTENTION(bytesper_values_fp16_fp16),
    ATTENTION(bytesper_values_bf16_fp32),
    ATTENTION(bytesper_values_bf16_bf16),
    ATTENTION(bytesper_softmax_fp32),
    ATTENTION(bytesper_softmax_fp16),
    ATTENTION(bytesper_softmax_bf16),
    ATTENTION(bytesper_softmax_to_f32_fp32),
    ATTENTION(bytesper_softmax_to_f32_fp16),
    ATTENTION(bytesper_flash_fp16_d64_full),
    ATTENTION(bytesper_flash_fp16_d64_causal),
    ATTENTION(bytesper_flash_fp16_d128_full),
    ATTENTION(bytesper_flash_fp16_d128_causal),
    ATTENTION(bytesper_flash_bf16_d64_full),
    ATTENTION(bytesper_flash_bf16_d64_causal),
    ATTENTION(bytesper_flash_bf16_d128_full),
    ATTENTION(bytesper_flash_bf16_d128_causal),
    ATTENTION(bytesper_flash_sm75_fp16_d64_full),
    ATTENTION(bytesper_flash_sm75_fp16_d64_causal),
    ATTENTION(bytesper_flash_sm75_fp16_d128_full),
    ATTENTION(bytesper_flash_sm75_fp16_d128_causal),
    ATTENTION(bytesper_flash_fp32_d64_full),
    ATTENTION(bytesper_flash_fp32_d64_causal),
    ATTENTION(bytesper_flash_fp32_d128_full),
    ATTENTION(bytesper_flash_fp32_d128_causal),
    ELEMENT(bytesper_cast_fp16),
    ELEMENT(bytesper_cast_bf16),
    ELEMENT(bytesper_widen_fp16),
    ELEMENT(bytesper_widen_bf16),
    ELEMENT(bytesper_fill_normal_fp32),
    ELEMENT(bytesper_fill_normal_fp16),
    ELEMENT(bytesper_fill_normal_bf16),
    ELEMENT(bytesper_fill_normal_fp8)};

// The block that holds an address, or null.
const Block* FindBlock(const void* address) {
  const auto at = reinterpret_cast<unsigned long long>(address);
  auto after = blocks.upper_bound(at);
  if (after == blocks.begin()) return nullptr;
  --after;
  return at < after->first + after->second.size ? &after->second : nullptr;
}

std::string FaultOf(const std::string& kernel) {
  const char* given = getenv("STAND_IN_KERNEL");
  std::string rest = given == nullptr ? "" : given;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string one = rest.substr(0, comma);
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    const size_t equals = one.find('=');
    if (equals != std::string::npos && kernel.find(one.substr(0, equals)) != std::string::npos) {
      return one.substr(equals + 1);
    }
  }
  return "";
}

AttentionParams* ParamsOf(const Kernel& kernel, void** arguments) {
  if (kernel.attention != nullptr) return static_cast<AttentionParams*>(arguments[0]);
  return kernel.sm90 == nullptr ? nullptr : &static_cast<AttentionSm90Params*>(arguments[0])->attention;
}

// What a kernel writes; null for one whose faults leave its output alone.
struct Output {
  char* at = nullptr;
  size_t bytes = 0;
  size_t row_bytes = 0;
};

Output OutputOf(const std::string& name, const Kernel& kernel, void** arguments) {
  if (kernel.decode != nullptr && name.find("_join_") == std::string::npos) {
    const auto& params = *static_cast<DecodeParams*>(arguments[0]);
    // Sums in fp32, which another kernel joins and divides.
    const size_t row_bytes = static_cast<size_t>(params.headDim) * 4;
    return {reinterpret_cast<char*>(params.part_out),
            row_bytes * params.sequences * params.heads * params.parts, row_bytes};
  }
  const AttentionParams* const params = ParamsOf(kernel, arguments);
  if (params == nullptr) return {};
  const size_t row_bytes =
      static_cast<size_t>(params->headDim) * (name.find("_fp32_") != std::string::npos ? 4 : 2);
  return {static_cast<char*>(params->out),
          row_bytes * static_cast<size_t>(params->tokens * params->batch * params->heads), row_bytes};
}

// Numbers near the end of the output that are far off, in any type. What decode writes for a short sequence,
// which is not the last in the checks, is mostly parts that nobody reads.
void Spoil(const Output& output) {
  const size_t row = output.bytes / output.row_bytes * 15 / 16;
  auto* const halves = reinterpret_cast<uint16_t*>(output.at + row * output.row_bytes);
  for (size_t i = 0; i < output.row_bytes / 4; ++i) halves[i] = 0x5a5a;
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return Faulty("cuInit"); }
int cuGetErrorString(int status, const char** text) {
  *text = status == 2     ? "out of memory"
          : status == 46  ? "device is busy"
          : status == 100 ? "no CUDA-capable device is detected"
          : status == 200 ? "device kernel image is invalid"
          : status == 700 ? "an illegal memory access was encountered"
          : status == 719 ? "unspecified launch failure"
          : status == 999 ? "unknown error"
                          : nullptr;
  return *text == nullptr ? 1 : 0;
}
int cuDriverGetVersion(int* version) {
  *version = Driver();
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = 1;
  return Faulty("cuDeviceGetCount");
}
int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}
int cuDeviceGetName(char* out, int length, int) {
  strncpy(out, "Emulated GPU", static_cast<size_t>(length));
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = TotalBytes();
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  const int arch = Arch();
  *value = attribute == 115  ? (getenv("STAND_IN_NO_POOLS") == nullptr)
           : attribute == 75 ? arch / 10
           : attribute == 76 ? arch % 10
           : attribute == 16 ? 2
           : arch >= 90      ? 232448
           : arch == 80      ? 166912
           : arch > 80       ? 101376
                             : 65536;
  return Faulty("cuDeviceGetAttribute");
}
int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = &pools;
  return Faulty("cuDevicePrimaryCtxRetain");
}
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxSetCurrent(void*) { return Faulty("cuCtxSetCurrent"); }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
  std::lock_guard<std::mutex> lock(mutex);
  *total = TotalBytes();
  *free = *total - ReservedByAll();
  return 0;
}
int cuMemPoolCreate(void** out, const void*) {
  if (const int fault = Faulty("cuMemPoolCreate")) return fault;
  std::lock_guard<std::mutex> lock(mutex);
  auto* pool = new Pool;
  pools.insert(pool);
  *out = pool;
  return 0;
}
int cuMemPoolDestroy(void* pool) {
  std::lock_guard<std::mutex> lock(mutex);
  pools.erase(static_cast<Pool*>(pool));
  delete static_cast<Pool*>(pool);
  return 0;
}
int cuMemPoolGetAttribute(void* which, int attribute, void* out) {
  if (const int fault = Faulty("cuMemPoolGetAttribute")) return fault;
  std::lock_guard<std::mutex> lock(mutex);
  const Pool* pool = static_cast<Pool*>(which);
  const uint64_t values[] = {pool->threshold, pool->reserved, pool->reserved_high, pool->used,
                             pool->used_high};
  if (attribute < 4 || attribute > 8) return kInvalidValue;
  *static_cast<uint64_t*>(out) = values[attribute - 4];
  return 0;
}
int cuMemPoolSetAttribute(void* which, int attribute, void* value) {
  if (const int fault = Faulty("cuMemPoolSetAttribute")) return fault;
  std::lock_guard<std::mutex> lock(mutex);
  Pool* pool = static_cast<Pool*>(which);
  const uint64_t number = *static_cast<uint64_t*>(value);
  if (attribute == 4) {
    pool->threshold = number;
    return 0;
  }
  // The marks take 0 alone.
  if (number != 0) return kInvalidValue;
  if (attribute == 6) pool->reserved_high = pool->reserved;
  if (attribute == 8) pool->used_high = pool->used;
  return 0;
}
int cuMemPoolTrimTo(void* which, size_t keep) {
  if (const int fault = Faulty("cuMemPoolTrimTo")) return fault;
  std::lock_guard<std::mutex> lock(mutex);
  Shrink(static_cast<Pool*>(which), keep);
  return 0;
}
int cuMemAllocFromPoolAsync(unsigned long long* out, size_t bytes, void* which, void*) {
  if (const int fault = Faulty("cuMemAllocFromPoolAsync")) return fault;
  std::lock_guard<std::mutex> lock(mutex);
  Pool* pool = static_cast<Pool*>(which);
  const size_t size = (bytes + 511) / 512 * 512;
  const uint64_t needed = (pool->used + size + Granule() - 1) / Granule() * Granule();
  const uint64_t reserved = needed > pool->reserved ? needed : pool->reserved;
  if (ReservedByAll() - pool->reserved + reserved > TotalBytes()) return kOutOfMemory;
  void* memory = aligned_alloc(512, size);
  if (memory == nullptr) return kOutOfMemory;
  pool->used += size;
  pool->reserved = reserved;
  if (pool->used > pool->used_high) pool->used_high = pool->used;
  if (pool->reserved > pool->reserved_high) pool->reserved_high = pool->reserved;
  *out = reinterpret_cast<unsigned long long>(memory);
  blocks[*out] = {pool, size};
  return 0;
}
int cuMemFreeAsync(unsigned long long address, void*) {
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = blocks.find(address);
  if (found == blocks.end()) return kInvalidValue;
  found->second.pool->used -= found->second.size;
  free(reinterpret_cast<void*>(address));
  blocks.erase(found);
  return 0;
}
int cuStreamCreate(void** stream, unsigned) {
  *stream = new int;
  return Faulty("cuStreamCreate");
}
int cuStreamDestroy_v2(void* stream) {
  delete static_cast<int*>(stream);
  return 0;
}
int cuStreamSynchronize(void*) {
  if (const int fault = Faulty("cuStreamSynchronize")) return fault;
  std::lock_guard<std::mutex> lock(mutex);
  for (Pool* pool : pools) Shrink(pool, pool->threshold);
  return 0;
}
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, void*) {
  if (const int fault = Faulty("cuMemcpyHtoDAsync_v2")) return fault;
  memcpy(reinterpret_cast<void*>(to), from, bytes);
  return 0;
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, void*) {
  if (const int fault = Faulty("cuMemcpyDtoHAsync_v2")) return fault;
  memcpy(to, reinterpret_cast<void*>(from), bytes);
  return 0;
}
int cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, size_t bytes, void*) {
  if (const int fault = Faulty("cuMemcpyDtoDAsync_v2")) return fault;
  memcpy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
  return 0;
}
int cuMemsetD8Async(unsigned long long to, unsigned char value, size_t count, void*) {
  if (const int fault = Faulty("cuMemsetD8Async")) return fault;
  memset(reinterpret_cast<void*>(to), value, count);
  return 0;
}
int cuModuleLoadData(void** module, const void*) {
  *module = &kernels;
  if (IsForbidden("the module")) return 999;
  // The images are those of CUDA 13, whatever the file holds.
  const int fault = Faulty("cuModuleLoadData");
  return fault == 0 && Driver() < 13000 ? 200 : fault;
}
int cuModuleUnload(void*) { return 0; }
int cuModuleGetFunction(void** function, void*, const char* name) {
  if (const int fault = Faulty("cuModuleGetFunction")) return fault;
  const auto found = kernels.find(name);
  if (found == kernels.end()) return 500;
  if (IsForbidden(name)) return 999;
  *function = &found->second;
  return 0;
}
int cuTensorMapEncodeTiled(void* map, int type, uint32_t rank, void* address, const uint64_t* sizes,
                           const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides,
                           int interleave, int swizzle, int promotion, int fill) {
  if (const int fault = Faulty("cuTensorMapEncodeTiled")) return fault;
  return emulation::EncodeMap(map, type, rank, address, sizes, strides, box, element_strides, interleave,
                              swizzle, promotion, fill);
}
int cuFuncSetAttribute(void* function, int attribute, int) {
  const std::string key =
      std::to_string(attribute) + " of " + std::to_string(reinterpret_cast<uintptr_t>(function));
  return IsForbidden(key) ? 999 : Faulty("cuFuncSetAttribute");
}
int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned,
                   unsigned shared, void*, void** arguments, void**) {
  if (const int fault = Faulty("cuLaunchKernel")) return fault;
  if (getenv("STAND_IN_NO_KERNELS") != nullptr) return 0;
  static std::mutex machine;
  std::lock_guard<std::mutex> lock(machine);
  const Kernel& kernel = *static_cast<Kernel*>(function);
  std::string name;
  for (const auto& each : kernels) {
    if (&each.second == &kernel) name = each.first;
  }
  const std::string fault = FaultOf(name);
  if (fault == "hang") {
    for (;;) pause();
  }
  if (fault == "crash") raise(SIGSEGV);
  if (fault == "fault") dead = 700;
  if (fault == "lose") {
    if (FILE* file = fopen(getenv("STAND_IN_LOST"), "w")) fclose(file);
    return dead = 999;
  }
  AttentionParams* const params = ParamsOf(kernel, arguments);
  char* last_eighth = nullptr;
  std::string before;
  const Output output = OutputOf(name, kernel, arguments);
  if (fault == "short" && output.at != nullptr) {
    last_eighth = output.at + output.bytes - output.bytes / 8;
    before.assign(last_eighth, output.bytes / 8);
  }
  // A real device notices an address that is not its own. The launch is done by then; what comes after fails.
  if (kernel.elements != nullptr && FindBlock(static_cast<ElementParams*>(arguments[0])->out) == nullptr)
    dead = 700;
  if (dead != 0) return 0;
  const bool is_plain = getenv("STAND_IN_PLAIN") != nullptr;
  const auto ran_plain = [&] {
    if (params != nullptr) return plain::Run(name, *params);
    if (kernel.decode != nullptr) return plain::Run(name, *static_cast<DecodeParams*>(arguments[0]));
    return kernel.elements != nullptr && plain::Run(name, *static_cast<ElementParams*>(arguments[0]));
  };
  if (!is_plain || !ran_plain()) {
    const emulation::Launch launch = {{x, y, z},
                                      static_cast<int>(threads),
                                      static_cast<int>(shared),
                                      emulation::Order::kShuffled,
                                      emulation::Landing::kLate,
                                      1};
    emulation::Run(launch, [&] {
      if (kernel.attention != nullptr) kernel.attention(*params);
      if (kernel.sm90 != nullptr) kernel.sm90(*static_cast<AttentionSm90Params*>(arguments[0]));
      if (kernel.decode != nullptr) kernel.decode(*static_cast<DecodeParams*>(arguments[0]));
      if (kernel.stream != nullptr) kernel.stream(*static_cast<StreamParams*>(arguments[0]));
      if (kernel.elements != nullptr) kernel.elements(*static_cast<ElementParams*>(arguments[0]));
    });
  }
  if (fault == "lie" && output.at != nullptr) Spoil(output);
  if (last_eighth != nullptr) memcpy(last_eighth, before.data(), before.size());
  return 0;
}
int cuEventCreate(void** event, unsigned) {
  *event = new int;
  return Faulty("cuEventCreate");
}
int cuEventDestroy_v2(void* event) {
  delete static_cast<int*>(event);
  return 0;
}
int cuEventRecord(void*, void*) {
  const int fault = Faulty("cuEventRecord");
  std::lock_guard<std::mutex> lock(mutex);
  clock_runs = fault == 0 && !clock_runs;
  return fault;
}
int cuEventElapsedTime(float* milliseconds, void*, void*) {
  *milliseconds = 1.5f;
  return Faulty("cuEventElapsedTime");
}

}  // extern "C"
