// cell-guard [options] -- COMMAND [ARG...]
//
// Runs one command as the parent of its whole process tree: limits it, watches it, and ends only when all of
// it is dead. It is a program of its own, and a small one, because ru_maxrss of a process begins with what it
// was forked from: below this one the peak of each process is its own.
//
//   --report FD            takes one JSON object a line; required. See src/runner/cell/guard-report.ts.
//   --lifeline FD          its end tells that the runner is gone: the tree is killed. Letters that come
//                          through it: K kill now, T end with --grace, S report a sample with PSS now
//   --join PATH            the child writes "0" to this file (cgroup.procs) first; up to 16 of them
//   --kill-file PATH       a cgroup.kill that gets "1" when the tree is to die; up to 16 of them
//   --data-limit BYTES     RLIMIT_DATA of each process
//   --file-limit BYTES     RLIMIT_FSIZE of each process
//   --oom-score-adj N      of the child; what is refused is reported as a warning
//   --time-limit MS        wall time
//   --grace MS             between SIGTERM and SIGKILL at the time limit, at T and at a signal to the guard
//   --memory-limit BYTES   PSS of the tree above which it is killed; where the kernel does not tell the PSS
//                          of a process, its RSS stands in
//   --sample MS            reports a sample each time
//   --scan-proc            finds children by the parents that /proc names, as the guard does by itself on
//                          kernels without CONFIG_PROC_CHILDREN
//
// The child has the descriptors 0 to 3 of the guard, except those that the guard reports to or listens on.
// Lines: "started", "sample", "warning" (what was refused), "main-exited", "end"; or "failed" and nothing
// else. A child that was killed before it became the command has an "end" without "started".
// Exit codes: 0 the end was reported, 64 wrong usage, 70 failed, or nobody read the report.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "decimal.h"
#include "descriptors.h"
#include "options.h"
#include "process_tree.h"
#include "report.h"
#include "supervisor.h"

namespace bytesper::guard {

namespace {

constexpr int kWrongUsage = 64;
constexpr int kFailed = 70;

// Without the /proc of its own PID namespace the guard could not find what it has to kill.
int CheckProc() {
  char target[16];
  const ssize_t length = readlink("/proc/self", target, sizeof(target) - 1);
  if (length < 0) return errno;
  target[length] = '\0';
  int pid = 0;
  return ParseInt(target, &pid) && pid == getpid() ? 0 : ESRCH;
}

// Returns a descriptor, or -1 with errno. The other signals are blocked as well: what ends the guard would
// free the tree. Those that tell of a fault of its own are left.
int TakeSignals() {
  sigset_t blocked;
  sigfillset(&blocked);
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  for (const int number : faults) sigdelset(&blocked, number);
  if (sigprocmask(SIG_SETMASK, &blocked, nullptr) != 0) return -1;
  // An ignored SIGCHLD would make the kernel drop children before they are counted.
  signal(SIGCHLD, SIG_DFL);
  sigset_t taken;
  sigemptyset(&taken);
  const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT};
  for (const int number : numbers) sigaddset(&taken, number);
  return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

int Fail(Report* report, const char* path, int error) {
  JsonLine line("failed");
  line.Text("stage", "limit");
  line.Text("path", path);
  line.Number("errno", error);
  line.Text("message", strerror(error));
  report->Send(&line);
  report->Flush();
  return kFailed;
}

int Main(int count, char** arguments) {
  FillPlaces();
  static Options options;
  if (!ParseOptions(count, arguments, &options)) return kWrongUsage;
  const int error = KeepOnly(&options.report, &options.lifeline);
  static Report report(options.report);
  if (error != 0) return Fail(&report, "/proc/self/fd", error);
  const int proc_error = CheckProc();
  if (proc_error != 0) return Fail(&report, "/proc", proc_error);
  // Fails for the leader of a group, which is out of the terminal's reach already.
  setsid();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return Fail(&report, "PR_SET_CHILD_SUBREAPER", errno);
  const int signals = TakeSignals();
  if (signals < 0) return Fail(&report, "signalfd", errno);
  ProcessTree tree(options.scan_proc);
  return Supervisor(options, &report, &tree, signals).Run();
}

}  // namespace

}  // namespace bytesper::guard

int main(int count, char** arguments) { return bytesper::guard::Main(count, arguments); }
