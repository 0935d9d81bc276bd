#include "proc_directory.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "decimal.h"

namespace bytesper::supervisor {

namespace {

// Layout from getdents64(2); libc does not declare it.
struct DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

}  // namespace

ProcDirectory::ProcDirectory(const char* path) : fd_(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  error_ = fd_ < 0 ? errno : 0;
}

ProcDirectory::~ProcDirectory() {
  if (fd_ >= 0) close(fd_);
}

bool ProcDirectory::Next(int* number) {
  if (fd_ < 0) return false;
  for (;;) {
    if (position_ == filled_) {
      const long got = syscall(SYS_getdents64, fd_, buffer_, sizeof(buffer_));
      if (got <= 0) return false;
      position_ = 0;
      filled_ = static_cast<size_t>(got);
    }
    const char* const entry = buffer_ + position_;
    uint16_t length;
    memcpy(&length, entry + offsetof(DirectoryEntry, length), sizeof(length));
    position_ += length;
    if (ParseInt(entry + offsetof(DirectoryEntry, name), number)) return true;
  }
}

}  // namespace bytesper::supervisor
