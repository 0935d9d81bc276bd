#pragma once

#include <napi.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda_pool.h"
#include "memory_pool.h"

namespace bytesper {

// A block that goes back to its pool with its last owner: JavaScript, which holds it by number, or work on
// another thread that reads it. So a block that is released while a kernel reads it lives until that has
// ended.
struct HeldBlock {
  HeldBlock(MemoryPool* of, void* at, uint64_t size) : pool(of), data(at), bytes(size) {}
  HeldBlock(const HeldBlock&) = delete;
  HeldBlock& operator=(const HeldBlock&) = delete;
  ~HeldBlock() { pool->Free(data); }

  MemoryPool* const pool;
  void* const data;
  const uint64_t bytes;  // as requested
};
using HeldBlocks = std::vector<std::shared_ptr<HeldBlock>>;

// A pool and the blocks that JavaScript holds, by number: addresses never leave C++. Work on other threads
// shares it, so the pool stays alive for that work when the object is closed or garbage-collected.
struct SharedPool {
  std::unique_ptr<MemoryPool> pool;
  // The same pool if it is on a CUDA device, else null.
  CudaPool* cuda = nullptr;
  // Path of the fat binary with the kernels of that device.
  std::string kernels_file;
  int threads = 1;

  std::mutex mutex;
  std::map<int64_t, std::shared_ptr<HeldBlock>> blocks;
  int64_t last_handle = 0;
  bool closed = false;

  // The block of a handle, or null. The caller does not hold the mutex.
  std::shared_ptr<HeldBlock> Find(int64_t handle);
};

// NativeMemoryPool of the contract.
class PoolObject : public Napi::ObjectWrap<PoolObject> {
 public:
  // createPool of the contract. Called once for each environment.
  static Napi::Function Factory(Napi::Env env);
  // The pool of a JavaScript value, or null if the value is no pool.
  static std::shared_ptr<SharedPool> From(Napi::Value value);

  explicit PoolObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Allocate(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  Napi::Value ResetHighWater(const Napi::CallbackInfo& info);
  Napi::Value Trim(const Napi::CallbackInfo& info);
  Napi::Value SetReleaseThreshold(const Napi::CallbackInfo& info);
  Napi::Value DeviceUsedBytes(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  // Throws and returns false if the pool is closed.
  bool RequireOpen(Napi::Env env) const;

  std::shared_ptr<SharedPool> shared_;
};

// { failure: "oom-device" | "no-kernel" | "device", reason, requestedBytes, usedBytes, reservedBytes,
// capBytes }
Napi::Object FailureToJs(Napi::Env env, const PoolError& error, uint64_t cap);
Napi::Object StatsToJs(Napi::Env env, const PoolStats& stats);

}  // namespace bytesper
