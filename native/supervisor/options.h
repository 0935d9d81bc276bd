#pragma once

#include <cstddef>
#include <cstdint>

namespace bytesper::supervisor {

constexpr size_t kMostPaths = 16;

struct PathList {
  const char* paths[kMostPaths];
  size_t count = 0;
};

// Options from the command line. A limit of 0 means that it was not given.
struct Options {
  int report = -1;
  int lifeline = -1;
  PathList join;
  PathList kill_files;
  bool limits_data = false;
  uint64_t data_limit_bytes = 0;
  bool limits_files = false;
  uint64_t file_limit_bytes = 0;
  bool adjusts_oom_score = false;
  int64_t oom_score_adj = 0;
  int64_t time_limit_ms = 0;
  int64_t grace_ms = 0;
  uint64_t memory_limit_bytes = 0;
  int64_t sample_ms = 0;
  bool scan_proc = false;
  char** command = nullptr;  // ends with nullptr, as execvp wants it
};

// Fills `options`. On an error, prints one sentence on stderr and returns false.
bool ParseOptions(int count, char** arguments, Options* options);

}  // namespace bytesper::supervisor
