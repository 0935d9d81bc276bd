// cell-supervisor [options] -- COMMAND [ARG...]
//
// The supervisor of a cell. It runs one command as the parent of its whole process tree, limits and watches
// the tree, and ends only when every process of it is dead. It is a small program of its own for this reason:
// the ru_maxrss of a process begins with the size of the process that forked it. A large parent would hide
// the peaks of small children.
//
//   --report FD            descriptor for the report, one JSON object on each line; required. See
//                          src/runner/cell/supervisor-report.ts.
//   --lifeline FD          when this pipe ends, the runner is gone and the tree is killed. Letters from it:
//                          K kill now, T end with --grace, S report a sample with PSS now
//   --join PATH            the child first writes "0" to this file (cgroup.procs); up to 16 of them
//   --kill-file PATH       a cgroup.kill file that gets "1" when the tree must die; up to 16 of them
//   --data-limit BYTES     RLIMIT_DATA of each process
//   --file-limit BYTES     RLIMIT_FSIZE of each process
//   --oom-score-adj N      score of the child; if the kernel refuses it, a warning is reported
//   --time-limit MS        wall time
//   --grace MS             time between SIGTERM and SIGKILL: at the time limit, at T, and when the supervisor
//                          gets a signal
//   --memory-limit BYTES   the tree is killed above this PSS. If the kernel does not show the PSS of a
//                          process, its RSS is used
//   --sample MS            reports a sample at this interval
//   --scan-proc            finds children through the parents in /proc/PID/stat. On kernels without
//                          CONFIG_PROC_CHILDREN this is automatic
//
// The child gets the descriptors 0 to 3 of the supervisor, except those of --report and --lifeline.
// Lines: "started", "sample", "warning" (something was refused), "main-exited", "end"; or only "failed". If
// the child was killed before it became the command, there is an "end" without "started".
// Exit codes: 0 the end was reported; 64 wrong usage; 70 a failure, or nobody read the report.

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

namespace bytesper::supervisor {

namespace {

constexpr int kWrongUsage = 64;
constexpr int kFailed = 70;

// The supervisor needs the /proc of its own PID namespace to find the processes that it must kill.
int CheckProc() {
  char target[16];
  const ssize_t length = readlink("/proc/self", target, sizeof(target) - 1);
  if (length < 0) return errno;
  target[length] = '\0';
  int pid = 0;
  return ParseInt(target, &pid) && pid == getpid() ? 0 : ESRCH;
}

// Returns a descriptor, or -1 with errno. The other signals are blocked too, because the tree would no longer
// be watched if a signal ended the supervisor. Signals that report a fault of the supervisor itself are not
// blocked.
int TakeSignals() {
  sigset_t blocked;
  sigfillset(&blocked);
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  for (const int number : faults) sigdelset(&blocked, number);
  if (sigprocmask(SIG_SETMASK, &blocked, nullptr) != 0) return -1;
  // If SIGCHLD were ignored, the kernel would remove children before they are counted.
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
  // This fails for the leader of a process group, which signals of the terminal do not reach anyway.
  setsid();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return Fail(&report, "PR_SET_CHILD_SUBREAPER", errno);
  const int signals = TakeSignals();
  if (signals < 0) return Fail(&report, "signalfd", errno);
  ProcessTree tree(options.scan_proc);
  return Supervisor(options, &report, &tree, signals).Run();
}

}  // namespace

}  // namespace bytesper::supervisor

int main(int count, char** arguments) { return bytesper::supervisor::Main(count, arguments); }
