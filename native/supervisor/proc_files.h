#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace bytesper::supervisor {

// A path such as /proc/12/task/34/children.
class ProcPath {
 public:
  ProcPath(pid_t pid, const char* file);
  ProcPath(pid_t pid, pid_t thread, const char* file);
  const char* text() const { return text_; }

 private:
  void Append(const char* text);
  void AppendNumber(pid_t number);

  char text_[64];
  size_t size_ = 0;
};

// Reads the beginning of the file, as much as fits, and adds a 0 byte. Returns the number of bytes, or the
// negated errno.
ssize_t ReadStart(const char* path, char* buffer, size_t capacity);

// Fields of /proc/PID/stat.
struct ProcessStat {
  char state;
  pid_t parent;
  int64_t threads;
  int64_t start_ticks;  // since boot
};

bool ReadStat(pid_t pid, ProcessStat* stat);

// Whether the process has not ended. An ended process stays in /proc until its parent reads its exit status.
bool IsAlive(const ProcessStat& stat);

// A thread through which the memory of the process can be read. If the first thread has ended before the
// others, it shows no memory.
pid_t ThreadWithMemory(pid_t pid);

enum class MemoryRead {
  kDone,
  kNone,     // the process is gone, or has given back its memory
  kRefused,  // the kernel does not tell us
};

// Reads the resident set from statm: one short line, for which the kernel does not walk the pages.
MemoryRead ReadRss(pid_t pid, uint64_t* bytes);

struct StatusMemory {
  uint64_t rss_bytes;
  uint64_t hwm_bytes;
};

// Reads VmRSS and VmHWM from status. Both are 0 if the process has no memory. False: the process is gone.
bool ReadStatus(pid_t pid, StatusMemory* memory);

// Reads the proportional set size from smaps_rollup. The kernel walks all pages and holds the process's mmap
// lock during that time.
MemoryRead ReadPss(pid_t pid, uint64_t* bytes);

}  // namespace bytesper::supervisor
