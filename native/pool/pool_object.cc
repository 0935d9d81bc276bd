#include "pool_object.h"

#include <climits>
#include <utility>

#include "../arguments.h"
#include "../promise_work.h"
#include "../reading.h"
#include "host_pool.h"

namespace bytesper {
namespace {

// Tag of objects that PoolObject created. Any other object that is passed as a pool is refused.
constexpr napi_type_tag kTag = {0x6279746573706572u, 0x706f6f6c6f626a31u};

struct Allocation {
  std::vector<int64_t> handles;
  PoolError error;
};

Napi::Number ToNumber(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Allocation AllocateAll(SharedPool* shared, const std::vector<int64_t>& sizes) {
  Allocation out;
  std::vector<void*> blocks;
  blocks.reserve(sizes.size());
  for (const int64_t size : sizes) {
    void* const block = shared->pool->Allocate(static_cast<uint64_t>(size), &out.error);
    if (block == nullptr) {
      for (void* taken : blocks) shared->pool->Free(taken);
      return out;
    }
    blocks.push_back(block);
  }
  std::lock_guard<std::mutex> lock(shared->mutex);
  for (size_t i = 0; i < blocks.size(); ++i) {
    shared->blocks[++shared->last_handle] = std::shared_ptr<HeldBlock>(
        new HeldBlock(shared->pool.get(), blocks[i], static_cast<uint64_t>(sizes[i])));
    out.handles.push_back(shared->last_handle);
  }
  return out;
}

bool ReadCounts(Napi::Env env, Napi::Value value, const char* name, std::vector<int64_t>* out) {
  ArgumentReader reader(env);
  if (!value.IsArray()) {
    reader.Fail(name, "must be an array of whole numbers");
    return false;
  }
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  for (uint32_t index = 0; index < length && reader.ok(); ++index) {
    const Napi::Value item = array.Get(index);
    if (env.IsExceptionPending()) return false;
    out->push_back(reader.Count(item, name, 1));
  }
  return reader.ok();
}

}  // namespace

std::shared_ptr<HeldBlock> SharedPool::Find(int64_t handle) {
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = blocks.find(handle);
  return found == blocks.end() ? nullptr : found->second;
}

Napi::Object FailureToJs(Napi::Env env, const PoolError& error, uint64_t cap) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("failure", error.kind == PoolError::kOutOfMemory ? "oom-device"
                     : error.kind == PoolError::kNoKernel  ? "no-kernel"
                                                           : "device");
  out.Set("reason", error.reason);
  out.Set("requestedBytes", ToNumber(env, error.requested));
  out.Set("usedBytes", ToNumber(env, error.used));
  out.Set("reservedBytes", ToNumber(env, error.reserved));
  if (cap != kNoCap) out.Set("capBytes", ToNumber(env, cap));
  return out;
}

Napi::Object StatsToJs(Napi::Env env, const PoolStats& stats) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("usedBytes", ToNumber(env, stats.used));
  out.Set("usedHighWaterBytes", ToNumber(env, stats.used_high));
  out.Set("reservedBytes", ToNumber(env, stats.reserved));
  out.Set("reservedHighWaterBytes", ToNumber(env, stats.reserved_high));
  return out;
}

Napi::Function PoolObject::Factory(Napi::Env env) {
  const Napi::Function constructor = DefineClass(
      env, "MemoryPool",
      {InstanceMethod<&PoolObject::Allocate>("allocate"), InstanceMethod<&PoolObject::Release>("release"),
       InstanceMethod<&PoolObject::Stats>("stats"),
       InstanceMethod<&PoolObject::ResetHighWater>("resetHighWater"),
       InstanceMethod<&PoolObject::Trim>("trim"),
       InstanceMethod<&PoolObject::SetReleaseThreshold>("setReleaseThreshold"),
       InstanceMethod<&PoolObject::DeviceUsedBytes>("deviceUsedBytes"),
       InstanceMethod<&PoolObject::Close>("close")});
  // The environment owns it and deletes it at its end.
  auto* const kept = new Napi::FunctionReference(Napi::Persistent(constructor));
  env.SetInstanceData<Napi::FunctionReference>(kept);
  return Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
    const auto* made = info.Env().GetInstanceData<Napi::FunctionReference>();
    return made->New({info[0], info[1], info[2], info[3]});
  });
}

std::shared_ptr<SharedPool> PoolObject::From(Napi::Value value) {
  if (!value.IsObject()) return nullptr;
  Napi::Object object = value.As<Napi::Object>();
  if (!object.CheckTypeTag(&kTag)) return nullptr;
  PoolObject* const self = Unwrap(object);
  return self == nullptr ? nullptr : self->shared_;
}

PoolObject::PoolObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PoolObject>(info) {
  Napi::Env env = info.Env();
  ArgumentReader reader(env);
  const uint64_t cap = reader.Limit(info[0], "capBytes");
  const int64_t threads = reader.Count(info[1], "threads", 1);
  const bool on_device = !info[2].IsUndefined();
  const int64_t device = on_device ? reader.Count(info[2], "device", 0) : 0;
  const std::string kernels_file = on_device ? reader.Text(info[3], "kernelsFile") : "";
  if (!reader.ok()) return;
  auto shared = std::shared_ptr<SharedPool>(new SharedPool);
  shared->threads = static_cast<int>(threads < 256 ? threads : 256);
  if (on_device) {
    std::string why;
    auto pool = CudaPool::Create(static_cast<int>(device < INT_MAX ? device : INT_MAX), cap, &why);
    if (pool == nullptr) {
      Napi::Error::New(env, why).ThrowAsJavaScriptException();
      return;
    }
    shared->cuda = pool.get();
    shared->kernels_file = kernels_file;
    shared->pool = std::move(pool);
  } else {
    shared->pool.reset(new HostPool(cap, shared->threads));
  }
  shared_ = std::move(shared);
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

bool PoolObject::RequireOpen(Napi::Env env) const {
  const char* problem = nullptr;
  if (shared_ == nullptr) {
    problem = "this is no pool";
  } else {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    if (shared_->closed) problem = "this pool was closed";
  }
  if (problem == nullptr) return true;
  Napi::Error::New(env, problem).ThrowAsJavaScriptException();
  return false;
}

Napi::Value PoolObject::Allocate(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::vector<int64_t> sizes;
  if (!RequireOpen(env) || !ReadCounts(env, info[0], "sizes", &sizes)) return env.Undefined();
  auto shared = shared_;
  return PromiseWork<Allocation>::Start(
      env, [shared, sizes] { return AllocateAll(shared.get(), sizes); },
      [shared](Napi::Env env, Allocation& done) -> Napi::Value {
        if (done.error.kind != PoolError::kNone) return FailureToJs(env, done.error, shared->pool->cap());
        Napi::Array handles = Napi::Array::New(env, done.handles.size());
        for (size_t i = 0; i < done.handles.size(); ++i) {
          handles.Set(static_cast<uint32_t>(i), Napi::Number::New(env, static_cast<double>(done.handles[i])));
        }
        return handles;
      });
}

Napi::Value PoolObject::Release(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::vector<int64_t> handles;
  if (!RequireOpen(env) || !ReadCounts(env, info[0], "handles", &handles)) return env.Undefined();
  // Shared with the work, which lets them go on its own thread: freeing may take long.
  auto blocks = std::shared_ptr<HeldBlocks>(new HeldBlocks());
  bool known = true;
  {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    for (const int64_t handle : handles) {
      const auto found = shared_->blocks.find(handle);
      if (found == shared_->blocks.end()) {
        known = false;
        continue;
      }
      blocks->push_back(found->second);
      shared_->blocks.erase(found);
    }
  }
  auto shared = shared_;
  return PromiseWork<bool>::Start(
      env,
      [shared, blocks, known] {
        blocks->clear();
        return known;
      },
      [](Napi::Env env, bool& known) -> Napi::Value { return Napi::Boolean::New(env, known); });
}

Napi::Value PoolObject::Stats(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!RequireOpen(env)) return env.Undefined();
  PoolStats stats;
  std::string error;
  if (!shared_->pool->Stats(&stats, &error)) return AbsentToJs(env, error);
  return StatsToJs(env, stats);
}

Napi::Value PoolObject::ResetHighWater(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!RequireOpen(env)) return env.Undefined();
  std::string error;
  if (!shared_->pool->ResetHighWater(&error)) return AbsentToJs(env, error);
  return Napi::Boolean::New(env, true);
}

// Runs `change` on another thread. The promise gives true, or the reason for a failure.
static Napi::Value Change(Napi::Env env, std::shared_ptr<SharedPool> shared,
                          bool (MemoryPool::*change)(uint64_t, std::string*), uint64_t bytes) {
  return PromiseWork<std::string>::Start(
      env,
      [shared, change, bytes] {
        std::string error;
        return (shared->pool.get()->*change)(bytes, &error) ? std::string() : error;
      },
      [](Napi::Env env, std::string& error) -> Napi::Value {
        if (error.empty()) return Napi::Boolean::New(env, true);
        return AbsentToJs(env, error);
      });
}

Napi::Value PoolObject::Trim(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader reader(env);
  const uint64_t keep = reader.Limit(info[0], "keepBytes");
  if (!reader.ok() || !RequireOpen(env)) return env.Undefined();
  return Change(env, shared_, &MemoryPool::Trim, keep);
}

Napi::Value PoolObject::SetReleaseThreshold(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader reader(env);
  const uint64_t bytes = reader.Limit(info[0], "bytes");
  if (!reader.ok() || !RequireOpen(env)) return env.Undefined();
  return Change(env, shared_, &MemoryPool::SetReleaseThreshold, bytes);
}

Napi::Value PoolObject::DeviceUsedBytes(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!RequireOpen(env)) return env.Undefined();
  uint64_t bytes = 0;
  std::string error;
  if (!shared_->pool->DeviceUsedBytes(&bytes, &error)) return AbsentToJs(env, error);
  return ToNumber(env, bytes);
}

Napi::Value PoolObject::Close(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto blocks = std::shared_ptr<HeldBlocks>(new HeldBlocks());
  if (shared_ != nullptr) {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->closed = true;
    for (const auto& block : shared_->blocks) blocks->push_back(block.second);
    shared_->blocks.clear();
  }
  auto shared = shared_;
  return PromiseWork<bool>::Start(
      env,
      [shared, blocks] {
        if (shared == nullptr) return true;
        std::string error;
        blocks->clear();
        return shared->pool->Trim(0, &error);
      },
      [](Napi::Env env, bool&) -> Napi::Value { return env.Undefined(); });
}

}  // namespace bytesper
