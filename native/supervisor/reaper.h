#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace bytesper::supervisor {

// Reads the exit status of ended children, including orphans of the tree, and adds up their resource use. If
// a parent in the tree ignores SIGCHLD, nobody reads the status of its child, and the kernel counts that
// child's use nowhere.
class Reaper {
 public:
  explicit Reaper(pid_t main) : main_(main) {}

  // Reads the status of all children that have ended by now. False: no child is left, so the tree is dead.
  bool Reap();

  bool main_ended() const { return main_ended_; }
  bool main_was_signalled() const { return main_signal_ != 0; }
  int main_code() const { return main_code_; }
  int main_signal() const { return main_signal_; }

  int64_t reaped() const { return reaped_; }
  // The largest resident set of any single process, including processes whose parent in the tree read their
  // status.
  uint64_t largest_peak_bytes() const { return largest_peak_bytes_; }
  int64_t user_us() const { return user_us_; }
  int64_t system_us() const { return system_us_; }

 private:
  pid_t main_;
  bool main_ended_ = false;
  int main_code_ = 0;
  int main_signal_ = 0;
  int64_t reaped_ = 0;
  uint64_t largest_peak_bytes_ = 0;
  int64_t user_us_ = 0;
  int64_t system_us_ = 0;
};

}  // namespace bytesper::supervisor
