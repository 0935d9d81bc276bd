#pragma once

#include <sys/types.h>

#include <cstddef>

namespace bytesper::supervisor {

// The descendants of this process. Only one such object exists. No descendant can leave a child subreaper.
class ProcessTree {
 public:
  // `scan`: finds children through the parents in /proc/PID/stat, for kernels without CONFIG_PROC_CHILDREN.
  explicit ProcessTree(bool scan);

  // Finds all descendants, zombies included, and sends each the signal (0 for none) before its children are
  // looked up. After SIGKILL a process cannot start more children. A process that starts during the walk may
  // be missed.
  void Walk(int signal);

  size_t size() const { return count_; }
  pid_t operator[](size_t index) const;

 private:
  void AddChildrenOf(pid_t pid, int signal);
  void AddListed(const char* path, int signal);
  void AddByScan(int signal);
  void Add(pid_t pid, int signal);

  bool scan_;
  pid_t last_group_ = 0;
  size_t count_ = 0;
};

}  // namespace bytesper::supervisor
