#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace bytesper::guard {

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

// Reads as much of the file as fits, and ends it with a 0. Returns the bytes read, or the negated errno.
ssize_t ReadStart(const char* path, char* buffer, size_t capacity);

// The fields of /proc/PID/stat that are needed here.
struct ProcessStat {
  char state;
  pid_t parent;
  int64_t threads;
  int64_t start_ticks;  // since boot
};

bool ReadStat(pid_t pid, ProcessStat* stat);

// Whether the process has not ended. One that has stays in /proc until its parent takes note.
bool IsAlive(const ProcessStat& stat);

// A thread through which the memory of the process can be read: a first thread that has ended before the
// others has none to show.
pid_t ThreadWithMemory(pid_t pid);

enum class MemoryRead {
  kDone,
  kNone,     // the process is gone, or has given back its memory
  kRefused,  // the kernel does not tell us
};

// The resident set from statm: one line, no walk over pages.
MemoryRead ReadRss(pid_t pid, uint64_t* bytes);

struct StatusMemory {
  uint64_t rss_bytes;
  uint64_t hwm_bytes;
};

// VmRSS and VmHWM from status, both 0 where the process has no memory. False: the process is gone.
bool ReadStatus(pid_t pid, StatusMemory* memory);

// The proportional set size from smaps_rollup: the kernel walks all pages and holds the process's mmap lock
// meanwhile.
MemoryRead ReadPss(pid_t pid, uint64_t* bytes);

}  // namespace bytesper::guard
