#include "cuda_pool.h"

#include <utility>

namespace bytesper {
namespace {

using cuda::Address;
using cuda::Describe;
using cuda::kSuccess;
using cuda::Result;

void* ToBlock(Address address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); }
Address ToAddress(void* block) { return static_cast<Address>(reinterpret_cast<uintptr_t>(block)); }

}  // namespace

std::unique_ptr<CudaPool> CudaPool::Create(int device, uint64_t cap, std::string* why) {
  auto opened = cuda::Device::Open(device, why);
  if (opened == nullptr) return nullptr;
  std::unique_ptr<CudaPool> pool(new CudaPool(std::move(opened), cap));
  return pool->Start(why) ? std::move(pool) : nullptr;
}

bool CudaPool::Start(std::string* why) {
  if (!device_->Use(why)) return false;
  const cuda::Api& api = device_->api();
  Result result = api.stream_create(&stream_, cuda::kStreamNonBlocking);
  if (result != kSuccess) {
    stream_ = nullptr;
    *why = Describe(api, "cuStreamCreate", result);
    return false;
  }
  cuda::PoolProperties properties = {};
  // The values 1 mean: memory of one device, not shared with other processes.
  properties.allocation_type = 1;
  properties.location_type = 1;
  properties.location_id = device_->index();
  result = api.pool_create(&pool_, &properties);
  if (result != kSuccess) {
    pool_ = nullptr;
    *why = Describe(api, "cuMemPoolCreate", result);
    return false;
  }
  // This read fails with drivers before CUDA 11.3, which have pools but no counters for them.
  PoolStats stats;
  return Read(&stats, why);
}

CudaPool::~CudaPool() {
  std::string unused;
  if (!device_->Use(&unused)) return;
  const cuda::Api& api = device_->api();
  for (const auto& block : blocks_) api.free(block.first, stream_);
  if (stream_ != nullptr) api.stream_wait(stream_);
  if (pool_ != nullptr) api.pool_destroy(pool_);
  if (stream_ != nullptr) api.stream_destroy(stream_);
}

void* CudaPool::Allocate(uint64_t bytes, PoolError* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  PoolStats before;
  *error = {PoolError::kDevice, "", bytes, 0, 0};
  if (!device_->Use(&error->reason) || !Read(&before, &error->reason)) return nullptr;
  error->used = before.used;
  error->reserved = before.reserved;
  if (bytes > cap() || before.used > cap() - bytes) {
    error->kind = PoolError::kOutOfMemory;
    error->reason = "it would go over the cap";
    return nullptr;
  }
  const cuda::Api& api = device_->api();
  Address address = 0;
  const Result result = api.allocate(&address, bytes, pool_, stream_);
  if (result != kSuccess) {
    const bool full = result == cuda::kOutOfMemory;
    error->kind = full ? PoolError::kOutOfMemory : PoolError::kDevice;
    error->reason = full ? "the device has no memory left" : Describe(api, "cuMemAllocFromPoolAsync", result);
    return nullptr;
  }
  // The driver reserves memory in its own step size, so only now is it known whether the cap is kept.
  PoolStats after;
  bool fits = Synchronize(&error->reason) && Read(&after, &error->reason);
  if (fits && after.reserved > cap()) {
    fits = api.pool_trim(pool_, 0) == kSuccess && Read(&after, &error->reason) && after.reserved <= cap();
    if (!fits && error->reason.empty()) {
      error->kind = PoolError::kOutOfMemory;
      error->reason = "it would go over the cap";
    }
  }
  if (!fits) {
    std::string unused;
    api.free(address, stream_);
    Synchronize(&unused);
    api.pool_trim(pool_, 0);
    return nullptr;
  }
  blocks_[address] = bytes;
  error->kind = PoolError::kNone;
  return ToBlock(address);
}

void CudaPool::Free(void* block) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = blocks_.find(ToAddress(block));
  std::string unused;
  if (found == blocks_.end() || !device_->Use(&unused)) return;
  device_->api().free(found->first, stream_);
  blocks_.erase(found);
  // The driver returns unused memory to the system at a synchronisation.
  Synchronize(&unused);
}

bool CudaPool::Synchronize(std::string* why) const {
  const Result result = device_->api().stream_wait(stream_);
  if (result == kSuccess) return true;
  *why = Describe(device_->api(), "cuStreamSynchronize", result);
  return false;
}

bool CudaPool::Get(int attribute, uint64_t* value, std::string* why) const {
  const Result result = device_->api().pool_get(pool_, attribute, value);
  if (result == kSuccess) return true;
  *why = Describe(device_->api(), "cuMemPoolGetAttribute", result);
  return false;
}

bool CudaPool::Set(int attribute, uint64_t value, std::string* why) {
  const Result result = device_->api().pool_set(pool_, attribute, &value);
  if (result == kSuccess) return true;
  *why = Describe(device_->api(), "cuMemPoolSetAttribute", result);
  return false;
}

bool CudaPool::Read(PoolStats* stats, std::string* why) const {
  return Get(cuda::kUsedNow, &stats->used, why) && Get(cuda::kUsedHigh, &stats->used_high, why) &&
         Get(cuda::kReservedNow, &stats->reserved, why) &&
         Get(cuda::kReservedHigh, &stats->reserved_high, why);
}

bool CudaPool::Stats(PoolStats* stats, std::string* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  return device_->Use(error) && Read(stats, error);
}

bool CudaPool::ResetHighWater(std::string* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  // The driver accepts only 0 here, and sets the mark to the present value.
  return device_->Use(error) && Set(cuda::kUsedHigh, 0, error) && Set(cuda::kReservedHigh, 0, error);
}

bool CudaPool::Trim(uint64_t keep, std::string* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!device_->Use(error) || !Synchronize(error)) return false;
  const Result result = device_->api().pool_trim(pool_, static_cast<size_t>(keep));
  if (result == kSuccess) return true;
  *error = Describe(device_->api(), "cuMemPoolTrimTo", result);
  return false;
}

bool CudaPool::SetReleaseThreshold(uint64_t bytes, std::string* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  return device_->Use(error) && Set(cuda::kReleaseThreshold, bytes, error) && Synchronize(error);
}

bool CudaPool::DeviceUsedBytes(uint64_t* bytes, std::string* error) {
  return device_->UsedBytes(bytes, error);
}

}  // namespace bytesper
