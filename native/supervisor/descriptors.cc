#include "descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "proc_directory.h"

namespace bytesper::supervisor {

namespace {

constexpr int kLastOfChild = 3;

// Opens /dev/null at a number that the next open would otherwise get. The child always has 0, 1 and 2, and
// has 3 only if the supervisor got one.
void PutNull(int fd) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null == fd) {
    if (fd < kLastOfChild) fcntl(fd, F_SETFD, 0);
  } else if (null >= 0) {
    dup3(null, fd, fd < kLastOfChild ? 0 : O_CLOEXEC);
    close(null);
  }
}

int MoveAway(int* fd) {
  if (*fd < 0) return 0;
  const int moved = fcntl(*fd, F_DUPFD_CLOEXEC, kLastOfChild + 1);
  if (moved < 0) return errno;
  *fd = moved;
  return 0;
}

void Leave(int fd) {
  if (fd >= 0 && fd <= kLastOfChild) PutNull(fd);
}

}  // namespace

void FillPlaces() {
  for (int fd = 0; fd <= kLastOfChild; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) PutNull(fd);
  }
}

int KeepOnly(int* first, int* second) {
  const int old_first = *first;
  const int old_second = *second;
  int error = MoveAway(first);
  if (error == 0) error = MoveAway(second);
  if (error != 0) return error;
  Leave(old_first);
  Leave(old_second);
  // The listing opens a descriptor too. It is closed by then, so closing it again does no harm.
  int closed;
  do {
    closed = 0;
    ProcDirectory listing("/proc/self/fd");
    if (listing.error() != 0) return listing.error();
    int fd = 0;
    while (listing.Next(&fd)) {
      if (fd <= kLastOfChild || fd == *first || fd == *second || fd == listing.fd()) continue;
      if (close(fd) == 0) ++closed;
    }
  } while (closed > 0);
  return 0;
}

void ReleaseChildDescriptors() {
  for (int fd = 0; fd <= kLastOfChild; ++fd) PutNull(fd);
}

}  // namespace bytesper::supervisor
