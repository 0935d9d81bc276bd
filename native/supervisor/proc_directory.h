#pragma once

#include <cstddef>

namespace bytesper::supervisor {

// Lists the entries of a /proc directory whose names are numbers. opendir is not used, because it allocates
// memory.
class ProcDirectory {
 public:
  explicit ProcDirectory(const char* path);
  ~ProcDirectory();
  ProcDirectory(const ProcDirectory&) = delete;
  ProcDirectory& operator=(const ProcDirectory&) = delete;

  // Gives the next number; false at the end.
  bool Next(int* number);

  int fd() const { return fd_; }
  // The errno of opening the directory, or 0.
  int error() const { return error_; }

 private:
  int fd_;
  int error_;
  size_t position_ = 0;
  size_t filled_ = 0;
  alignas(8) char buffer_[2048];
};

}  // namespace bytesper::supervisor
