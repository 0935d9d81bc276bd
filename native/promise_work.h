#pragma once

#include <napi.h>

#include <functional>
#include <utility>

namespace bytesper {

// Runs `work` on a thread of libuv's pool. Then, on the environment's thread, resolves a promise with the
// value that `to_js` makes of the result. `work` must not use JavaScript values.
template <typename Result>
class PromiseWork : public Napi::AsyncWorker {
 public:
  // Returns the promise. While a worker is being terminated no promise can be created: then nothing starts
  // and the returned value is empty. Napi::Promise::Deferred would give an uninitialised value in that case.
  static Napi::Value Start(Napi::Env env, std::function<Result()> work,
                           std::function<Napi::Value(Napi::Env, Result&)> to_js) {
    napi_deferred deferred = nullptr;
    napi_value promise = nullptr;
    if (napi_create_promise(env, &deferred, &promise) != napi_ok) return Napi::Value();
    (new PromiseWork(env, deferred, std::move(work), std::move(to_js)))->Queue();
    return Napi::Value(env, promise);
  }

 private:
  PromiseWork(Napi::Env env, napi_deferred deferred, std::function<Result()> work,
              std::function<Napi::Value(Napi::Env, Result&)> to_js)
      : Napi::AsyncWorker(env, "bytesper"),
        deferred_(deferred),
        work_(std::move(work)),
        to_js_(std::move(to_js)) {}

  void Execute() override { result_ = work_(); }
  void OnOK() override {
    const Napi::Value value = to_js_(Env(), result_);
    // This fails if the environment ends at this moment. Then nobody waits for the promise.
    if (!value.IsEmpty()) napi_resolve_deferred(Env(), deferred_, value);
  }

  napi_deferred deferred_;
  std::function<Result()> work_;
  std::function<Napi::Value(Napi::Env, Result&)> to_js_;
  Result result_{};
};

}  // namespace bytesper
