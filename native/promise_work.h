#pragma once

#include <napi.h>

#include <functional>
#include <utility>

namespace bytesper {

// Runs `work` on a thread of libuv's pool and resolves a promise with what `to_js` makes of its result, on
// the thread of the environment. Nothing of JavaScript may be touched in `work`.
template <typename Result>
class PromiseWork : public Napi::AsyncWorker {
 public:
  //
  // In a worker that is being terminated no promise can be made: then nothing is started and the value is
  // empty. Napi::Promise::Deferred would hand out an uninitialised value there.
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
    // Fails where the environment ends in this moment: then nobody waits for it any more.
    if (!value.IsEmpty()) napi_resolve_deferred(Env(), deferred_, value);
  }

  napi_deferred deferred_;
  std::function<Result()> work_;
  std::function<Napi::Value(Napi::Env, Result&)> to_js_;
  Result result_{};
};

}  // namespace bytesper
