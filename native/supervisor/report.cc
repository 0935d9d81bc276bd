#include "report.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bytesper::supervisor {

namespace {

// If poll says that a pipe is writable, Linux takes this many bytes without waiting (PIPE_BUF).
constexpr size_t kPiece = 4096;

}  // namespace

Report::Report(int fd) : fd_(fd) {
  struct stat status;
  is_socket_ = fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

void Report::Send(JsonLine* line) {
  line->Close();
  if (fd_ < 0) return;
  size_t done = 0;
  if (kept_ == 0) {
    const long written = WriteNow(line->data(), line->size());
    if (written < 0) return Lose();
    done = static_cast<size_t>(written);
  }
  const size_t rest = line->size() - done;
  // The line is dropped as a whole: an incomplete line would also damage the next one.
  if (rest > kCapacity - kept_) return Lose();
  memcpy(buffer_ + kept_, line->data() + done, rest);
  kept_ += rest;
}

void Report::SendIfFree(JsonLine* line) {
  if (kept_ == 0) Send(line);
}

void Report::WriteKept() {
  while (kept_ > 0) {
    const long written = WriteNow(buffer_, kept_ < kPiece ? kept_ : kPiece);
    if (written < 0) return Lose();
    if (written == 0) return;
    kept_ -= static_cast<size_t>(written);
    memmove(buffer_, buffer_ + written, kept_);
  }
}

bool Report::Flush() {
  WriteKept();
  while (kept_ > 0) {
    pollfd waiting = {fd_, POLLOUT, 0};
    if (poll(&waiting, 1, -1) < 0 && errno != EINTR) Lose();
    WriteKept();
  }
  return !lost_;
}

long Report::WriteNow(const char* data, size_t size) {
  for (;;) {
    ssize_t written;
    if (is_socket_) {
      written = send(fd_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      // poll is used because O_NONBLOCK would change the pipe for every process that has it open.
      pollfd state = {fd_, POLLOUT, 0};
      const int ready = poll(&state, 1, 0);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return ready;
      written = write(fd_, data, size);
    }
    if (written >= 0) return written;
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return -1;
  }
}

void Report::Lose() {
  lost_ = true;
  kept_ = 0;
  fd_ = -1;
}

}  // namespace bytesper::supervisor
