#include "process_memory.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "proc_fields.h"
#include "reading.h"

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif
#if !defined(_WIN32)
#include <sys/resource.h>
#endif

namespace bytesper {
namespace {

Napi::Value Unavailable(Napi::Env env, const char* path, const char* verb, int error) {
#if defined(__linux__)
  return AbsentToJs(env,
                    std::string(path) + " cannot be " + verb + ": " + std::generic_category().message(error));
#else
  static_cast<void>(verb);
  static_cast<void>(error);
  return AbsentToJs(env, std::string("only Linux has ") + path);
#endif
}

}  // namespace

Napi::Value ProcessStatus(const Napi::CallbackInfo& info) {
  constexpr char kPath[] = "/proc/self/status";
  Napi::Env env = info.Env();
  ProcField fields[] = {{"VmRSS"}, {"VmHWM"}};
  const int error = ReadProcFields(kPath, fields, 2);
  if (error != 0) return Unavailable(env, kPath, "read", error);
  Napi::Object result = Napi::Object::New(env);
  result.Set("vmRssBytes", ProcFieldToJs(env, kPath, fields[0]));
  result.Set("vmHwmBytes", ProcFieldToJs(env, kPath, fields[1]));
  return result;
}

Napi::Value ResetVmHwm(const Napi::CallbackInfo& info) {
  constexpr char kPath[] = "/proc/self/clear_refs";
  Napi::Env env = info.Env();
#if defined(__linux__)
  const int fd = open(kPath, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return Unavailable(env, kPath, "written", errno);
  // 5 resets only the high-water mark. Smaller numbers clear page-table bits (proc(5)).
  const int error = write(fd, "5", 1) == 1 ? 0 : errno;
  close(fd);
  if (error != 0) return Unavailable(env, kPath, "written", error);
  return Napi::Boolean::New(env, true);
#else
  return Unavailable(env, kPath, "written", 0);
#endif
}

Napi::Value SmapsRollup(const Napi::CallbackInfo& info) {
  constexpr char kPath[] = "/proc/self/smaps_rollup";
  enum { kRss, kPss, kPssAnon, kPssFile, kPssShmem, kPrivateClean, kPrivateDirty, kSwap, kCount };
  Napi::Env env = info.Env();
  ProcField fields[kCount] = {{"Rss"},       {"Pss"},           {"Pss_Anon"},      {"Pss_File"},
                              {"Pss_Shmem"}, {"Private_Clean"}, {"Private_Dirty"}, {"Swap"}};
  const int error = ReadProcFields(kPath, fields, kCount);
  if (error != 0) return Unavailable(env, kPath, "read", error);
  Napi::Object result = Napi::Object::New(env);
  result.Set("rssBytes", ProcFieldToJs(env, kPath, fields[kRss]));
  result.Set("pssBytes", ProcFieldToJs(env, kPath, fields[kPss]));
  result.Set("pssAnonBytes", ProcFieldToJs(env, kPath, fields[kPssAnon]));
  result.Set("pssFileBytes", ProcFieldToJs(env, kPath, fields[kPssFile]));
  result.Set("pssShmemBytes", ProcFieldToJs(env, kPath, fields[kPssShmem]));
  // If one part is missing, the sum is missing too, with the reason of that part.
  ProcField uss = fields[fields[kPrivateClean].found ? kPrivateDirty : kPrivateClean];
  if (uss.found) uss.bytes = fields[kPrivateClean].bytes + fields[kPrivateDirty].bytes;
  result.Set("ussBytes", ProcFieldToJs(env, kPath, uss));
  result.Set("swapBytes", ProcFieldToJs(env, kPath, fields[kSwap]));
  return result;
}

Napi::Value PageFaults(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
#if !defined(_WIN32)
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) {
    return AbsentToJs(env, "getrusage failed: " + std::generic_category().message(errno));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("minorFaults", Napi::Number::New(env, static_cast<double>(usage.ru_minflt)));
  result.Set("majorFaults", Napi::Number::New(env, static_cast<double>(usage.ru_majflt)));
  return result;
#else
  return AbsentToJs(env, "this system has no getrusage");
#endif
}

}  // namespace bytesper
