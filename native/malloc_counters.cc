#include "malloc_counters.h"

#include <cmath>
#include <cstdlib>

#include "glibc_versions.h"
#include "malloc_owner.h"
#include "reading.h"

#if defined(__linux__)
#include <dlfcn.h>
#endif

#if !defined(_WIN32)
BYTESPER_OLD_VERSION(dlsym);
#endif

namespace bytesper {
namespace {

// Fields of glibc's struct mallinfo2. They are declared here so that the addon also builds with a C library
// that lacks the struct.
struct Counters {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;

  size_t InUse() const { return uordblks + hblkhd; }
};

using Mallinfo2 = Counters (*)();

#if defined(__linux__)

constexpr size_t kProbeBytes = 256 * 1024;

// Measures the change of the counter while a block of this size exists. Returns false if malloc has no
// memory.
bool ChangeByBlock(Mallinfo2 mallinfo2, size_t bytes, double* change) {
  const Counters before = mallinfo2();
  // volatile: otherwise the compiler may remove an allocation that is never read.
  volatile char* block = static_cast<volatile char*>(malloc(bytes));
  if (block == nullptr) return false;
  block[0] = 1;
  block[bytes - 1] = 1;
  const Counters after = mallinfo2();
  free(const_cast<char*>(block));
  *change = static_cast<double>(after.InUse()) - static_cast<double>(before.InUse());
  return true;
}

// Whether the counter includes blocks of malloc. Other threads may free the same amount meanwhile, so several
// tries are needed.
bool CountsBlocks(Mallinfo2 mallinfo2) {
  constexpr int kTries = 8;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    double change = 0;
    if (ChangeByBlock(mallinfo2, kProbeBytes, &change) && change >= static_cast<double>(kProbeBytes)) {
      return true;
    }
  }
  return false;
}

struct Source {
  Mallinfo2 mallinfo2;
  // Why the counter cannot be used; nullptr if it can.
  const char* why;
};

// The function is looked up at run time, so that one binary works with every C library. glibc before 2.33 has
// only mallinfo, whose int fields overflow at 2 GiB. musl has neither.
Source FindSource() {
  void* function = dlsym(RTLD_DEFAULT, "mallinfo2");
  if (function == nullptr) return {nullptr, "this C library has no mallinfo2 (glibc has it from 2.33 on)"};
  const auto mallinfo2 = reinterpret_cast<Mallinfo2>(function);
  // With a preloaded allocator (jemalloc, a sanitizer), glibc's counters do not move, and every cost would
  // read as 0. With a profiler that passes each call on to glibc, they do. So if malloc is not glibc's
  // function, a test block decides. Otherwise nothing is allocated here.
  if (MallocIsOfCLibrary() || CountsBlocks(mallinfo2)) return {mallinfo2, nullptr};
  return {nullptr,
          "malloc is not the C library's own (a preloaded allocator?), and mallinfo2 does not count its "
          "blocks"};
}

// The definition of malloc does not change while the process runs, so it is looked up once.
const Source& TheSource() {
  static const Source source = FindSource();
  return source;
}

#else

bool ChangeByBlock(Mallinfo2, size_t, double*) { return false; }

struct Source {
  Mallinfo2 mallinfo2;
  const char* why;
};

const Source& TheSource() {
  static const Source source = {nullptr, "only glibc on Linux has mallinfo2"};
  return source;
}

#endif

}  // namespace

Napi::Value MallocInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto [mallinfo2, why] = TheSource();
  if (why != nullptr) return AbsentToJs(env, why);
  // Read before this call creates its first JavaScript object.
  const Counters counters = mallinfo2();
  const auto number = [env](size_t bytes) { return Napi::Number::New(env, static_cast<double>(bytes)); };
  Napi::Object result = Napi::Object::New(env);
  result.Set("inUseBytes", number(counters.InUse()));
  result.Set("uordblksBytes", number(counters.uordblks));
  result.Set("hblkhdBytes", number(counters.hblkhd));
  result.Set("fordblksBytes", number(counters.fordblks));
  result.Set("arenaBytes", number(counters.arena));
  return result;
}

Napi::Value MallocTrim(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto [mallinfo2, why] = TheSource();
  if (why != nullptr) return AbsentToJs(env, why);
#if defined(__linux__)
  // A C library with mallinfo2 has it too.
  const auto malloc_trim = reinterpret_cast<int (*)(size_t)>(dlsym(RTLD_DEFAULT, "malloc_trim"));
  if (malloc_trim != nullptr) malloc_trim(0);
#endif
  return Napi::Boolean::New(env, true);
}

Napi::Value MallocSelfTest(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(env, "mallocSelfTest expects a number of bytes").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const double bytes = info[0].As<Napi::Number>().DoubleValue();
  constexpr double kMost = 1024.0 * 1024.0 * 1024.0;
  // This form also refuses NaN.
  if (!(bytes >= 1 && bytes <= kMost && bytes == std::floor(bytes))) {
    Napi::RangeError::New(env, "mallocSelfTest expects a whole number of bytes from 1 to 1 GiB")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const auto [mallinfo2, why] = TheSource();
  if (why != nullptr) return AbsentToJs(env, why);
  double change = 0;
  if (!ChangeByBlock(mallinfo2, static_cast<size_t>(bytes), &change)) {
    return AbsentToJs(env, "malloc has no memory for the block");
  }
  return Napi::Number::New(env, change);
}

}  // namespace bytesper
