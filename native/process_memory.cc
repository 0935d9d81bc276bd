#include "process_memory.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "reading.h"

#if defined(__linux__)
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/resource.h>
#endif

namespace bytesper {
namespace {

#if defined(__linux__)

// /proc/self/status is about 1.5 kB and smaps_rollup about 1 kB. The text lives on the stack: a reader that
// allocated would move the counters that it reads.
constexpr size_t kTextCapacity = 8192;

struct ProcText {
  char text[kTextCapacity];
  bool ok = false;
};

bool ReadProc(const char* path, ProcText* out) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  size_t length = 0;
  for (;;) {
    const ssize_t got = read(fd, out->text + length, kTextCapacity - 1 - length);
    if (got < 0) {
      close(fd);
      return false;
    }
    length += static_cast<size_t>(got);
    if (got == 0 || length == kTextCapacity - 1) break;
  }
  close(fd);
  out->text[length] = '\0';
  out->ok = true;
  return true;
}

// The value of a line such as "VmRSS:    1234 kB", in bytes. `name` includes the colon.
Reading KilobyteField(const char* text, const char* name, const char* missing) {
  const size_t name_length = strlen(name);
  for (const char* line = text; line != nullptr && *line != '\0';) {
    if (strncmp(line, name, name_length) == 0) {
      return Reading::Of(strtoull(line + name_length, nullptr, 10) * 1024);
    }
    const char* end = strchr(line, '\n');
    line = end == nullptr ? nullptr : end + 1;
  }
  return Reading::Absent(missing);
}

// mallinfo2 came with glibc 2.33; older ones have only mallinfo, whose int fields wrap at 2 GiB, and musl has
// neither. Found at run time, so that one binary serves them all.
struct MallocCounters {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
using Mallinfo2 = MallocCounters (*)();

Mallinfo2 FindMallinfo2() { return reinterpret_cast<Mallinfo2>(dlsym(RTLD_DEFAULT, "mallinfo2")); }

constexpr char kNoMallinfo2[] = "this C library has no mallinfo2 (glibc 2.33 or later has)";

#endif

constexpr char kNotLinux[] = "only Linux has this counter";

}  // namespace

Napi::Value ProcessStatus(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
#if defined(__linux__)
  ProcText status;
  if (!ReadProc("/proc/self/status", &status)) return AbsentToJs(env, "/proc/self/status cannot be read");
  const Reading rss = KilobyteField(status.text, "VmRSS:", "/proc/self/status has no VmRSS");
  const Reading hwm = KilobyteField(status.text, "VmHWM:", "/proc/self/status has no VmHWM");
  Napi::Object result = Napi::Object::New(env);
  result.Set("vmRssBytes", ToJs(env, rss));
  result.Set("vmHwmBytes", ToJs(env, hwm));
  return result;
#else
  return AbsentToJs(env, kNotLinux);
#endif
}

Napi::Value ResetVmHwm(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
#if defined(__linux__)
  const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return AbsentToJs(env, "/proc/self/clear_refs cannot be opened for writing");
  const bool written = write(fd, "5", 1) == 1;
  close(fd);
  if (!written) return AbsentToJs(env, "/proc/self/clear_refs does not take 5 (reset of VmHWM)");
  return Napi::Boolean::New(env, true);
#else
  return AbsentToJs(env, kNotLinux);
#endif
}

Napi::Value SmapsRollup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
#if defined(__linux__)
  ProcText rollup;
  if (!ReadProc("/proc/self/smaps_rollup", &rollup)) {
    return AbsentToJs(env, "/proc/self/smaps_rollup cannot be read (Linux 4.14 or later has it)");
  }
  const char* text = rollup.text;
  const Reading rss = KilobyteField(text, "Rss:", "/proc/self/smaps_rollup has no Rss");
  const Reading pss = KilobyteField(text, "Pss:", "/proc/self/smaps_rollup has no Pss");
  const Reading anon = KilobyteField(text, "Pss_Anon:", "/proc/self/smaps_rollup has no Pss_Anon");
  const Reading file = KilobyteField(text, "Pss_File:", "/proc/self/smaps_rollup has no Pss_File");
  const Reading shmem = KilobyteField(text, "Pss_Shmem:", "/proc/self/smaps_rollup has no Pss_Shmem");
  const Reading swap = KilobyteField(text, "Swap:", "/proc/self/smaps_rollup has no Swap");
  const Reading clean = KilobyteField(text, "Private_Clean:", "/proc/self/smaps_rollup has no Private_Clean");
  const Reading dirty = KilobyteField(text, "Private_Dirty:", "/proc/self/smaps_rollup has no Private_Dirty");
  const Reading uss = !clean.present   ? clean
                      : !dirty.present ? dirty
                                       : Reading::Of(clean.value + dirty.value);
  Napi::Object result = Napi::Object::New(env);
  result.Set("rssBytes", ToJs(env, rss));
  result.Set("pssBytes", ToJs(env, pss));
  result.Set("pssAnonBytes", ToJs(env, anon));
  result.Set("pssFileBytes", ToJs(env, file));
  result.Set("pssShmemBytes", ToJs(env, shmem));
  result.Set("ussBytes", ToJs(env, uss));
  result.Set("swapBytes", ToJs(env, swap));
  return result;
#else
  return AbsentToJs(env, kNotLinux);
#endif
}

Napi::Value PageFaults(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
#if defined(__linux__) || defined(__APPLE__)
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return AbsentToJs(env, "getrusage failed");
  Napi::Object result = Napi::Object::New(env);
  result.Set("minorFaults", Napi::Number::New(env, static_cast<double>(usage.ru_minflt)));
  result.Set("majorFaults", Napi::Number::New(env, static_cast<double>(usage.ru_majflt)));
  return result;
#else
  return AbsentToJs(env, "this system has no getrusage");
#endif
}

Napi::Value MallocInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
#if defined(__linux__)
  const Mallinfo2 mallinfo2 = FindMallinfo2();
  if (mallinfo2 == nullptr) return AbsentToJs(env, kNoMallinfo2);
  // Taken before the first JavaScript object of this call is made.
  const MallocCounters counters = mallinfo2();
  const auto number = [env](size_t bytes) { return Napi::Number::New(env, static_cast<double>(bytes)); };
  Napi::Object result = Napi::Object::New(env);
  result.Set("inUseBytes", number(counters.uordblks + counters.hblkhd));
  result.Set("uordblksBytes", number(counters.uordblks));
  result.Set("hblkhdBytes", number(counters.hblkhd));
  result.Set("fordblksBytes", number(counters.fordblks));
  result.Set("arenaBytes", number(counters.arena));
  return result;
#else
  return AbsentToJs(env, kNotLinux);
#endif
}

Napi::Value MallocSelfTest(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsNumber()) {
    Napi::TypeError::New(env, "mallocSelfTest expects a number of bytes").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const double bytes = info[0].As<Napi::Number>().DoubleValue();
  constexpr double kMost = 1024.0 * 1024.0 * 1024.0;
  // Written so that NaN fails it too.
  if (!(bytes >= 1 && bytes <= kMost) || bytes != std::floor(bytes)) {
    Napi::RangeError::New(env, "mallocSelfTest expects a whole number of bytes from 1 to 1 GiB")
        .ThrowAsJavaScriptException();
    return env.Undefined();
  }
#if defined(__linux__)
  const Mallinfo2 mallinfo2 = FindMallinfo2();
  if (mallinfo2 == nullptr) return AbsentToJs(env, kNoMallinfo2);
  const MallocCounters before = mallinfo2();
  // volatile: a compiler may drop an allocation whose memory nobody looks at.
  volatile char* block = static_cast<volatile char*>(malloc(static_cast<size_t>(bytes)));
  if (block == nullptr) return AbsentToJs(env, "malloc returned no memory");
  block[0] = 1;
  const MallocCounters after = mallinfo2();
  free(const_cast<char*>(block));
  const double change = static_cast<double>(after.uordblks + after.hblkhd) -
                        static_cast<double>(before.uordblks + before.hblkhd);
  return Napi::Number::New(env, change);
#else
  return AbsentToJs(env, kNotLinux);
#endif
}

}  // namespace bytesper
