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
  static Napi::Value Start(Napi::Env env, std::function<Result()> work,
                           std::function<Napi::Value(Napi::Env, Result&)> to_js) {
    auto* self = new PromiseWork(env, std::move(work), std::move(to_js));
    const Napi::Promise promise = self->deferred_.Promise();
    self->Queue();
    return promise;
  }

 private:
  PromiseWork(Napi::Env env, std::function<Result()> work,
              std::function<Napi::Value(Napi::Env, Result&)> to_js)
      : Napi::AsyncWorker(env, "bytesper"),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        to_js_(std::move(to_js)) {}

  void Execute() override { result_ = work_(); }
  void OnOK() override { deferred_.Resolve(to_js_(Env(), result_)); }

  Napi::Promise::Deferred deferred_;
  std::function<Result()> work_;
  std::function<Napi::Value(Napi::Env, Result&)> to_js_;
  Result result_{};
};

}  // namespace bytesper
