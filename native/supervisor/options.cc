#include "options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace bytesper::supervisor {

namespace {

// Longer than any cell takes, and small enough that nanoseconds fit 64 bits.
constexpr int64_t kLongestMs = 1000000000000;

void Say(const char* text) {
  const ssize_t written = write(STDERR_FILENO, text, strlen(text));
  static_cast<void>(written);
}

bool Refuse(const char* option, const char* what) {
  Say("cell-supervisor: ");
  Say(option);
  Say(what);
  Say("\n");
  return false;
}

bool ParseNumber(const char* text, int64_t lowest, int64_t highest, int64_t* number) {
  // strtoll would also accept spaces and a plus sign.
  if (*text != '-' && (*text < '0' || *text > '9')) return false;
  char* end = nullptr;
  errno = 0;
  *number = strtoll(text, &end, 10);
  return end != text && *end == '\0' && errno == 0 && *number >= lowest && *number <= highest;
}

bool TakeBytes(const char* option, const char* text, int64_t lowest, uint64_t* bytes) {
  int64_t number = 0;
  if (!ParseNumber(text, lowest, INT64_MAX, &number)) {
    return Refuse(option, lowest == 0 ? " takes a whole number of bytes, at least 0."
                                      : " takes a whole number of bytes, at least 1.");
  }
  *bytes = static_cast<uint64_t>(number);
  return true;
}

bool TakeMs(const char* option, const char* text, int64_t lowest, int64_t* ms) {
  if (ParseNumber(text, lowest, kLongestMs, ms)) return true;
  return Refuse(option, lowest == 0 ? " takes a whole number of milliseconds from 0 to 10^12."
                                    : " takes a whole number of milliseconds from 1 to 10^12.");
}

bool TakePath(const char* option, const char* text, PathList* list) {
  if (*text == '\0') return Refuse(option, " takes the path of a file, not an empty text.");
  if (list->count == kMostPaths) return Refuse(option, " can be given 16 times at most.");
  list->paths[list->count++] = text;
  return true;
}

// `refused` is the access mode that makes the descriptor useless here.
bool TakeDescriptor(const char* option, const char* text, int refused, int* fd) {
  int64_t number = 0;
  if (!ParseNumber(text, 0, INT_MAX, &number)) {
    return Refuse(option, " takes the number of an open file descriptor.");
  }
  *fd = static_cast<int>(number);
  const int flags = fcntl(*fd, F_GETFL);
  if (flags < 0) return Refuse(option, " names a file descriptor that is not open.");
  if ((flags & O_ACCMODE) != refused && (flags & O_PATH) == 0) return true;
  return Refuse(option, refused == O_RDONLY ? " needs a file descriptor that can be written."
                                            : " needs a file descriptor that can be read.");
}

bool TakeOption(const char* option, const char* value, Options* options) {
  const auto is = [option](const char* name) { return strcmp(option, name) == 0; };
  if (is("--report")) return TakeDescriptor(option, value, O_RDONLY, &options->report);
  if (is("--lifeline")) return TakeDescriptor(option, value, O_WRONLY, &options->lifeline);
  if (is("--join")) return TakePath(option, value, &options->join);
  if (is("--kill-file")) return TakePath(option, value, &options->kill_files);
  if (is("--data-limit")) {
    options->limits_data = true;
    return TakeBytes(option, value, 1, &options->data_limit_bytes);
  }
  if (is("--file-limit")) {
    options->limits_files = true;
    return TakeBytes(option, value, 0, &options->file_limit_bytes);
  }
  if (is("--oom-score-adj")) {
    options->adjusts_oom_score = true;
    if (ParseNumber(value, -1000, 1000, &options->oom_score_adj)) return true;
    return Refuse(option, " takes a whole number from -1000 to 1000.");
  }
  if (is("--time-limit")) return TakeMs(option, value, 1, &options->time_limit_ms);
  if (is("--grace")) return TakeMs(option, value, 0, &options->grace_ms);
  if (is("--memory-limit")) return TakeBytes(option, value, 1, &options->memory_limit_bytes);
  if (is("--sample")) return TakeMs(option, value, 1, &options->sample_ms);
  return Refuse(option, " is not an option; native/supervisor/main.cc lists them.");
}

}  // namespace

bool ParseOptions(int count, char** arguments, Options* options) {
  int index = 1;
  for (; index < count && strcmp(arguments[index], "--") != 0; ++index) {
    const char* option = arguments[index];
    if (strcmp(option, "--scan-proc") == 0) {
      options->scan_proc = true;
      continue;
    }
    if (strncmp(option, "--", 2) != 0) {
      return Refuse(option, " is not an option; the command begins after \"--\".");
    }
    if (index + 1 == count) return Refuse(option, " is an option that needs a value.");
    if (!TakeOption(option, arguments[++index], options)) return false;
  }
  if (index + 1 >= count) return Refuse("--", " and the command that is to be run are missing.");
  if (options->report < 0) return Refuse("--report", " is missing: the descriptor that takes the lines.");
  options->command = arguments + index + 1;
  return true;
}

}  // namespace bytesper::supervisor
