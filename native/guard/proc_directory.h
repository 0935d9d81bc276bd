#pragma once

#include <cstddef>

namespace bytesper::guard {

// The entries of a directory of /proc whose names are numbers. opendir would allocate.
class ProcDirectory {
 public:
  explicit ProcDirectory(const char* path);
  ~ProcDirectory();
  ProcDirectory(const ProcDirectory&) = delete;
  ProcDirectory& operator=(const ProcDirectory&) = delete;

  // The next number; false at the end.
  bool Next(int* number);

  int fd() const { return fd_; }
  // The errno with which it could not be opened, or 0.
  int error() const { return error_; }

 private:
  int fd_;
  int error_;
  size_t position_ = 0;
  size_t filled_ = 0;
  alignas(8) char buffer_[2048];
};

}  // namespace bytesper::guard
