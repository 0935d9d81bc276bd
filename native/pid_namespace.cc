#include "pid_namespace.h"

#if !defined(_WIN32)
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#endif

namespace bytesper {

PidScope OwnPidScope() {
#if defined(__linux__)
  // The kernel gives the initial PID namespace a fixed inode, 0xEFFFFFFC (PROC_PID_INIT_INO).
  constexpr char kInitial[] = "pid:[4026531836]";
  char target[64];
  const ssize_t length = readlink("/proc/self/ns/pid", target, sizeof(target));
  if (length <= 0) return PidScope::kUnknown;
  const bool initial = static_cast<size_t>(length) == sizeof(kInitial) - 1 &&
                       memcmp(target, kInitial, sizeof(kInitial) - 1) == 0;
  return initial ? PidScope::kHost : PidScope::kNested;
#else
  return PidScope::kUnknown;
#endif
}

#if defined(_WIN32)

unsigned int OwnPid() { return 0; }

bool IsVisiblePid(unsigned int) { return false; }

#else

unsigned int OwnPid() { return static_cast<unsigned int>(getpid()); }

bool IsVisiblePid(unsigned int pid) {
  // For kill(), 0 and negative numbers mean process groups.
  if (pid == 0 || pid > INT_MAX) return false;
  return kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

#endif

}  // namespace bytesper
