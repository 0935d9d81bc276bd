#pragma once

#include <napi.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "../pool/pool_object.h"
#include "../promise_work.h"
#include "problem.h"

// What the calls of attention and decode from JavaScript have in common.

namespace bytesper {

struct FreeDeleter {
  void operator()(void* memory) const { free(memory); }
};
using HostMemory = std::unique_ptr<void, FreeDeleter>;

// The output of a call, which becomes an ArrayBuffer without a copy. Null where none is wanted.
struct CallOutput {
  HostMemory data;
  size_t bytes = 0;

  // Throws and returns false if there is no memory for it.
  bool Take(Napi::Env env, size_t size);
};

// What a call brings back, if it did not fail.
struct CallReport {
  double duration_ms = 0;
  PoolStats at_most;
  std::string code;
};

// Any more would be threads without work; each has a workspace.
inline int CallThreads(int64_t count) { return static_cast<int>(count < 256 ? count : 256); }

// The pool of an argument; null with an exception where it is none.
std::shared_ptr<SharedPool> PoolArgument(Napi::Env env, Napi::Value value);

// Copies a typed array of `count` numbers: JavaScript may change or detach its own meanwhile. Null or
// undefined leaves `out` empty. Throws and returns false if it is another array.
bool CopyNumbers(Napi::Env env, Napi::Value value, const char* name, DType type, int64_t count,
                 HostMemory* out);

// { durationMs, usedHighWaterBytes, reservedHighWaterBytes, code, output? }
Napi::Object CallResult(Napi::Env env, const CallReport& report, CallOutput* output);

// Runs `run` on another thread and answers the promise of what `to_js` makes of the job.
template <typename Job>
Napi::Value StartCall(Napi::Env env, std::shared_ptr<Job> job, void (*run)(Job*),
                      Napi::Value (*to_js)(Napi::Env, Job*)) {
  using Shared = std::shared_ptr<Job>;
  return PromiseWork<Shared>::Start(
      env,
      [job, run] {
        run(job.get());
        return job;
      },
      [to_js](Napi::Env env, Shared& done) { return to_js(env, done.get()); });
}

}  // namespace bytesper
