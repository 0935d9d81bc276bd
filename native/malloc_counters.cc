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

// The fields of glibc's struct mallinfo2, declared here so that the addon also builds where it is missing.
struct Counters {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;

  size_t InUse() const { return uordblks + hblkhd; }
};

using Mallinfo2 = Counters (*)();

#if defined(__linux__)

constexpr size_t kProbeBytes = 256 * 1024;

// The change of the counter while a block of this size lives. False where malloc has no memory.
bool ChangeByBlock(Mallinfo2 mallinfo2, size_t bytes, double* change) {
  const Counters before = mallinfo2();
  // volatile: a compiler may drop an allocation whose memory nobody looks at.
  volatile char* block = static_cast<volatile char*>(malloc(bytes));
  if (block == nullptr) return false;
  block[0] = 1;
  block[bytes - 1] = 1;
  const Counters after = mallinfo2();
  free(const_cast<char*>(block));
  *change = static_cast<double>(after.InUse()) - static_cast<double>(before.InUse());
  return true;
}

// Whether blocks of malloc show in the counter. Other threads may free as much in between, so that one miss
// says nothing.
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
  // Why the counter cannot be trusted; nullptr where it can.
  const char* why;
};

// At run time, so that one binary serves every C library: glibc before 2.33 has only mallinfo, whose int
// fields wrap at 2 GiB; musl has neither.
Source FindSource() {
  void* function = dlsym(RTLD_DEFAULT, "mallinfo2");
  if (function == nullptr) return {nullptr, "this C library has no mallinfo2 (glibc has it from 2.33 on)"};
  const auto mallinfo2 = reinterpret_cast<Mallinfo2>(function);
  // A preloaded allocator (jemalloc, a sanitizer) leaves glibc's counters standing, which would read as a
  // cost of 0. A profiler that passes each call on to glibc does not, so where malloc is not glibc's function
  // a block decides; elsewhere nothing is allocated here.
  if (MallocIsOfCLibrary() || CountsBlocks(mallinfo2)) return {mallinfo2, nullptr};
  return {nullptr,
          "malloc is not the C library's own (a preloaded allocator?), and mallinfo2 does not count its "
          "blocks"};
}

// Who defines malloc is settled before a process starts.
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
  // Taken before the first JavaScript object of this call is made.
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

Napi::Value MallocSelfTest(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(env, "mallocSelfTest expects a number of bytes").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const double bytes = info[0].As<Napi::Number>().DoubleValue();
  constexpr double kMost = 1024.0 * 1024.0 * 1024.0;
  // Written so that NaN fails it too.
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
