#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bytesper {

struct PoolStats {
  // Bytes that were requested and not yet freed.
  uint64_t used = 0;
  uint64_t used_high = 0;
  // Bytes that the pool holds from the system.
  uint64_t reserved = 0;
  uint64_t reserved_high = 0;
};

struct PoolError {
  enum Kind { kNone, kOutOfMemory, kDevice, kNoKernel };
  Kind kind = kNone;
  std::string reason;
  uint64_t requested = 0;
  // State of the pool at the request; only for kOutOfMemory.
  uint64_t used = 0;
  uint64_t reserved = 0;
};

constexpr uint64_t kNoCap = UINT64_MAX;

// Memory of one device. It counts used and reserved bytes, each now and at its highest. Any thread may call
// any member. The destructor frees all blocks.
class MemoryPool {
 public:
  virtual ~MemoryPool() = default;

  // Returns a block, aligned to 512 bytes and backed by real memory; or null, with `error` filled in. After
  // an error the pool is unchanged. `bytes` is at least 1.
  virtual void* Allocate(uint64_t bytes, PoolError* error) = 0;
  virtual void Free(void* block) = 0;

  // `error` may be null if the counter cannot fail.
  virtual bool Stats(PoolStats* stats, std::string* error) = 0;
  // Sets the high-water marks to the present values.
  virtual bool ResetHighWater(std::string* error) = 0;
  // Returns unused memory to the system until at most `keep` bytes are reserved.
  virtual bool Trim(uint64_t keep, std::string* error) = 0;
  // When a block is freed, unused memory above this many reserved bytes goes back to the system.
  virtual bool SetReleaseThreshold(uint64_t bytes, std::string* error) = 0;

  // Bytes of the device that all processes use, as the driver counts them. A host pool has no such number.
  virtual bool DeviceUsedBytes(uint64_t*, std::string* error) {
    *error = "the kernel counts for the host: PSS of the process";
    return false;
  }

  uint64_t cap() const { return cap_; }

 protected:
  explicit MemoryPool(uint64_t cap) : cap_(cap) {}

 private:
  // Most bytes that may be reserved.
  const uint64_t cap_;
};

}  // namespace bytesper
