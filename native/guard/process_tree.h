#pragma once

#include <sys/types.h>

#include <cstddef>

namespace bytesper::guard {

// The descendants of this process; there is one such object. None can leave a child subreaper.
class ProcessTree {
 public:
  // `scan`: by the parents that /proc names, for kernels without CONFIG_PROC_CHILDREN.
  explicit ProcessTree(bool scan);

  // Looks all of them up, zombies included, and sends the signal (0 for none) to each as soon as it is found,
  // before its children are looked up: with SIGKILL it has no more of them then. A process that is started
  // meanwhile may be missed.
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

}  // namespace bytesper::guard
