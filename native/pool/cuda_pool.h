#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "../cuda/device.h"
#include "memory_pool.h"

namespace bytesper {

// A pool of a CUDA device's stream-ordered allocator, with its own stream. Every request is complete when its
// call returns. Used and reserved bytes are the driver's counters.
class CudaPool : public MemoryPool {
 public:
  // Returns null and sets `why` if the device cannot be used.
  static std::unique_ptr<CudaPool> Create(int device, uint64_t cap, std::string* why);
  ~CudaPool() override;

  void* Allocate(uint64_t bytes, PoolError* error) override;
  void Free(void* block) override;
  bool Stats(PoolStats* stats, std::string* error) override;
  bool ResetHighWater(std::string* error) override;
  bool Trim(uint64_t keep, std::string* error) override;
  bool SetReleaseThreshold(uint64_t bytes, std::string* error) override;
  bool DeviceUsedBytes(uint64_t* bytes, std::string* error) override;

  cuda::Device& device() { return *device_; }
  cuda::Stream stream() const { return stream_; }

 private:
  CudaPool(std::shared_ptr<cuda::Device> device, uint64_t cap)
      : MemoryPool(cap), device_(std::move(device)) {}

  // The caller holds the mutex, and the CUDA context is current.
  bool Start(std::string* why);
  bool Read(PoolStats* stats, std::string* why) const;
  bool Get(int attribute, uint64_t* value, std::string* why) const;
  bool Set(int attribute, uint64_t value, std::string* why);
  bool Synchronize(std::string* why) const;

  const std::shared_ptr<cuda::Device> device_;
  std::mutex mutex_;
  cuda::Pool pool_ = nullptr;
  cuda::Stream stream_ = nullptr;
  // Requested size of each block.
  std::map<cuda::Address, uint64_t> blocks_;
};

}  // namespace bytesper
