#include "file_lock.h"

#include <cerrno>
#include <climits>
#include <string>
#include <system_error>

#include "arguments.h"
#include "reading.h"

#if !defined(_WIN32)
#include <sys/file.h>
#endif

namespace bytesper {

Napi::Value LockFile(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader arguments(env);
  const int64_t descriptor = arguments.Count(info[0], "fd", 0);
  if (!arguments.ok()) return env.Undefined();
  if (descriptor > INT_MAX) {
    arguments.Fail("fd", "must be a file descriptor");
    return env.Undefined();
  }
#if defined(_WIN32)
  return AbsentToJs(env, "files are locked on POSIX systems only");
#else
  int result;
  do {
    result = flock(static_cast<int>(descriptor), LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return Napi::Boolean::New(env, true);
  if (errno == EWOULDBLOCK) return Napi::Boolean::New(env, false);
  return AbsentToJs(env, "the file cannot be locked: " + std::generic_category().message(errno));
#endif
}

}  // namespace bytesper
