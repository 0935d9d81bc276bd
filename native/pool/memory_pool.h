#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bytesper {

struct PoolStats {
  // Bytes that were asked for and not given back.
  uint64_t used = 0;
  uint64_t used_high = 0;
  // Bytes that the pool has taken from the system.
  uint64_t reserved = 0;
  uint64_t reserved_high = 0;
};

struct PoolError {
  enum Kind { kNone, kOutOfMemory, kDevice };
  Kind kind = kNone;
  // What happened, as one clause.
  std::string reason;
  uint64_t requested = 0;
  // Of kOutOfMemory: the state at the request.
  uint64_t used = 0;
  uint64_t reserved = 0;
};

constexpr uint64_t kNoCap = UINT64_MAX;

// Memory of one device with the two numbers that matter, each now and at its highest. All members may be
// called from any thread. What was not given back goes with the pool.
class MemoryPool {
 public:
  virtual ~MemoryPool() = default;

  // A block aligned to 512 bytes and backed by real memory, or null with `error` filled in. After an error
  // the pool is as it was. `bytes` is at least 1.
  virtual void* Allocate(uint64_t bytes, PoolError* error) = 0;
  // Gives back a block of this pool.
  virtual void Free(void* block) = 0;

  // Null `error` where a counter cannot fail.
  virtual bool Stats(PoolStats* stats, std::string* error) = 0;
  // Sets the high-water marks to the present values.
  virtual bool ResetHighWater(std::string* error) = 0;
  // Returns unused memory to the system until at most `keep` bytes are reserved.
  virtual bool Trim(uint64_t keep, std::string* error) = 0;
  // Unused memory beyond this many reserved bytes goes back to the system as soon as a block is given back.
  virtual bool SetReleaseThreshold(uint64_t bytes, std::string* error) = 0;

  // Bytes of the device that all processes use, by the driver's count; a host pool has none.
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
