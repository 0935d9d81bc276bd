#include "process_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "proc_directory.h"
#include "proc_files.h"

namespace bytesper::supervisor {

namespace {

// Most processes that are listed at once. Further ones are found when some of these are dead.
constexpr size_t kMost = 32768;
// The kernel's PID_MAX_LIMIT.
constexpr size_t kPidLimit = 4194304;

// Pages of these arrays that are never written take no memory.
pid_t pids[kMost];
uint64_t known[kPidLimit / 64];

bool IsKnown(pid_t pid) {
  if (pid <= 0 || static_cast<size_t>(pid) >= kPidLimit) return false;
  return (known[static_cast<size_t>(pid) / 64] >> (pid % 64) & 1) != 0;
}

}  // namespace

ProcessTree::ProcessTree(bool scan) : scan_(scan) {
  if (access(ProcPath(getpid(), getpid(), "children").text(), R_OK) != 0) scan_ = true;
}

pid_t ProcessTree::operator[](size_t index) const { return pids[index]; }

void ProcessTree::Walk(int signal) {
  for (size_t index = 0; index < count_; ++index) known[static_cast<size_t>(pids[index]) / 64] = 0;
  count_ = 0;
  last_group_ = 0;
  if (scan_) return AddByScan(signal);
  AddListed(ProcPath(getpid(), getpid(), "children").text(), signal);
  for (size_t index = 0; index < count_; ++index) AddChildrenOf(pids[index], signal);
}

// The kernel lists children by the thread that started them.
void ProcessTree::AddChildrenOf(pid_t pid, int signal) {
  ProcDirectory threads(ProcPath(pid, "task").text());
  int thread = 0;
  while (threads.Next(&thread)) AddListed(ProcPath(pid, thread, "children").text(), signal);
}

void ProcessTree::AddListed(const char* path, int signal) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char buffer[1024];
  pid_t pid = 0;
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t index = 0; index < got; ++index) {
      const char letter = buffer[index];
      if (letter >= '0' && letter <= '9') {
        pid = pid * 10 + (letter - '0');
      } else if (pid > 0) {
        Add(pid, signal);
        pid = 0;
      }
    }
  }
  close(fd);
}

// A child may have a smaller pid than its parent, so that one pass over /proc can miss it. The passes repeat
// until nothing is added.
void ProcessTree::AddByScan(int signal) {
  size_t before;
  do {
    before = count_;
    ProcDirectory processes("/proc");
    int pid = 0;
    ProcessStat stat;
    while (processes.Next(&pid)) {
      if (IsKnown(pid) || !ReadStat(pid, &stat)) continue;
      if (stat.parent == getpid() || IsKnown(stat.parent)) Add(pid, signal);
    }
  } while (count_ > before);
}

void ProcessTree::Add(pid_t pid, int signal) {
  if (count_ == kMost || static_cast<size_t>(pid) >= kPidLimit || IsKnown(pid)) return;
  known[static_cast<size_t>(pid) / 64] |= uint64_t{1} << (pid % 64);
  pids[count_++] = pid;
  if (signal == 0) return;
  if (signal == SIGKILL) {
    // A signal to a group reaches all its processes at once, also those that the kernel is just starting. The
    // child has its own session, so no process from outside the tree can be in a group of the tree.
    const pid_t group = getpgid(pid);
    if (group > 1 && group != getpgrp() && group != last_group_) {
      last_group_ = group;
      kill(-group, SIGKILL);
    }
  }
  kill(pid, signal);
}
}  // namespace bytesper::supervisor
