#include "proc_fields.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "reading.h"

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

namespace bytesper {

#if defined(__linux__)

namespace {

// Longer than any line with a size. Longer lines exist ("Groups:" of /proc/self/status) and are skipped.
constexpr size_t kBufferSize = 4096;

void MatchLine(const char* line, ProcField* fields, size_t count) {
  for (size_t index = 0; index < count; ++index) {
    ProcField& field = fields[index];
    const size_t length = strlen(field.name);
    if (strncmp(line, field.name, length) != 0 || line[length] != ':') continue;
    const char* number = line + length + 1;
    char* end = nullptr;
    errno = 0;
    const unsigned long long kilobytes = strtoull(number, &end, 10);
    // A value with an unexpected form counts as missing, not as 0.
    if (end == number || strcmp(end, " kB") != 0 || errno != 0 || kilobytes > UINT64_MAX / 1024) return;
    field.found = true;
    field.bytes = kilobytes * 1024;
    return;
  }
}

}  // namespace

int ReadProcFields(const char* path, ProcField* fields, size_t count) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  char buffer[kBufferSize];
  size_t held = 0;
  bool skipping = false;
  for (;;) {
    const ssize_t got = read(fd, buffer + held, kBufferSize - held);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const int error = got < 0 ? errno : 0;
      close(fd);
      return error;
    }
    held += static_cast<size_t>(got);
    char* line = buffer;
    char* const limit = buffer + held;
    while (char* end = static_cast<char*>(memchr(line, '\n', static_cast<size_t>(limit - line)))) {
      *end = '\0';
      if (!skipping) MatchLine(line, fields, count);
      skipping = false;
      line = end + 1;
    }
    held = static_cast<size_t>(limit - line);
    memmove(buffer, line, held);
    if (held == kBufferSize) {
      skipping = true;
      held = 0;
    }
  }
}

#else

int ReadProcFields(const char*, ProcField*, size_t) { return ENOENT; }

#endif

Napi::Value ProcFieldToJs(Napi::Env env, const char* path, const ProcField& field) {
  if (field.found) return ToJs(env, Reading::Of(field.bytes));
  return AbsentToJs(env, std::string(path) + " has no " + field.name + " in kB");
}

}  // namespace bytesper
