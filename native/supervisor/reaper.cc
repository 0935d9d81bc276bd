#include "reaper.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>

namespace bytesper::supervisor {

namespace {

int64_t Microseconds(const timeval& time) { return int64_t{time.tv_sec} * 1000000 + time.tv_usec; }

}  // namespace

bool Reaper::Reap() {
  for (;;) {
    int status = 0;
    rusage usage = {};
    const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;
    if (pid == 0) return true;
    ++reaped_;
    // ru_maxrss is in KiB. It begins with the size of the process that forked: a supervisor of some hundred
    // KiB.
    const uint64_t peak = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    if (peak > largest_peak_bytes_) largest_peak_bytes_ = peak;
    user_us_ += Microseconds(usage.ru_utime);
    system_us_ += Microseconds(usage.ru_stime);
    if (pid != main_ || main_ended_) continue;
    main_ended_ = true;
    if (WIFSIGNALED(status)) {
      main_signal_ = WTERMSIG(status);
    } else {
      main_code_ = WEXITSTATUS(status);
    }
  }
}

}  // namespace bytesper::supervisor
