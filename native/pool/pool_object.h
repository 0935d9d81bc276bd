#pragma once

#include <napi.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda_pool.h"
#include "memory_pool.h"

namespace bytesper {

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
  std::map<int64_t, void*> blocks;
  int64_t last_handle = 0;
  bool closed = false;
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

// { failure: "oom-device" | "no-kernel" | "device", reason, requestedBytes, usedBytes, reservedBytes, capBytes }
Napi::Object FailureToJs(Napi::Env env, const PoolError& error, uint64_t cap);
Napi::Object StatsToJs(Napi::Env env, const PoolStats& stats);

}  // namespace bytesper
