#include "launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bytesper::supervisor {

namespace {

constexpr char kOomScoreAdj[] = "/proc/self/oom_score_adj";
constexpr int kFailed = 70;

enum Resource : int32_t { kCore, kFiles, kData };
const struct {
  decltype(RLIMIT_CORE) number;
  const char* name;
} kResources[] = {{RLIMIT_CORE, "RLIMIT_CORE"}, {RLIMIT_FSIZE, "RLIMIT_FSIZE"}, {RLIMIT_DATA, "RLIMIT_DATA"}};

void Tell(int notes, ChildNote::Kind kind, Stage stage, int path, int error) {
  const ChildNote note = {kind, stage, path, error};
  while (write(notes, &note, sizeof(note)) < 0 && errno == EINTR) {
  }
}

[[noreturn]] void Fail(int notes, Stage stage, int path, int error) {
  Tell(notes, ChildNote::Kind::kFailure, stage, path, error);
  _exit(kFailed);
}

// Returns 0 or an errno.
int WriteTo(const char* path, const char* text, size_t size) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t written = write(fd, text, size);
  const int error = written < 0 ? errno : 0;
  close(fd);
  return error;
}

int WriteOomScoreAdj(int64_t value) {
  char digits[8];
  char* start = digits + sizeof(digits);
  unsigned int rest = static_cast<unsigned int>(value < 0 ? -value : value);
  do {
    *--start = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (value < 0) *--start = '-';
  return WriteTo(kOomScoreAdj, start, static_cast<size_t>(digits + sizeof(digits) - start));
}

void Limit(int notes, Resource resource, uint64_t bytes) {
  const rlimit limit = {static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  if (setrlimit(kResources[resource].number, &limit) != 0) Fail(notes, Stage::kLimit, resource, errno);
}

void UseDefaultSignals() {
  struct sigaction normal = {};
  normal.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &normal, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void BecomeCommand(const Options& options, pid_t supervisor, int notes) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The supervisor may have died before the line above. Then the signal would never come.
  if (getppid() != supervisor) _exit(kFailed);
  for (size_t index = 0; index < options.join.count; ++index) {
    const int error = WriteTo(options.join.paths[index], "0", 1);
    if (error != 0) Fail(notes, Stage::kJoin, static_cast<int>(index), error);
  }
  if (options.adjusts_oom_score) {
    const int error = WriteOomScoreAdj(options.oom_score_adj);
    if (error != 0) Tell(notes, ChildNote::Kind::kWarning, Stage::kOomScoreAdj, 0, error);
  }
  Limit(notes, kCore, 0);
  if (options.limits_files) Limit(notes, kFiles, options.file_limit_bytes);
  if (options.limits_data) Limit(notes, kData, options.data_limit_bytes);
  UseDefaultSignals();
  Tell(notes, ChildNote::Kind::kReady, Stage::kExec, 0, 0);
  execvp(options.command[0], options.command);
  Fail(notes, Stage::kExec, 0, errno);
}

}  // namespace

const char* StageName(Stage stage) {
  switch (stage) {
    case Stage::kJoin:
      return "join";
    case Stage::kLimit:
      return "limit";
    case Stage::kExec:
      return "exec";
    case Stage::kFork:
      return "fork";
    case Stage::kOomScoreAdj:
      return "oom-score-adj";
  }
  return "";
}

const char* NotePath(const ChildNote& note, const Options& options) {
  if (note.stage == Stage::kJoin) return options.join.paths[note.path];
  if (note.stage == Stage::kLimit) return kResources[note.path].name;
  if (note.stage == Stage::kOomScoreAdj) return kOomScoreAdj;
  return options.command[0];
}

Launched Launch(const Options& options) {
  Launched launched;
  int notes[2];
  if (pipe2(notes, O_CLOEXEC | O_NONBLOCK) != 0) {
    launched.error = errno;
    return launched;
  }
  const pid_t supervisor = getpid();
  launched.pid = fork();
  launched.error = launched.pid < 0 ? errno : 0;
  if (launched.pid == 0) {
    close(notes[0]);
    BecomeCommand(options, supervisor, notes[1]);
  }
  close(notes[1]);
  if (launched.pid < 0) {
    close(notes[0]);
  } else {
    launched.notes = notes[0];
  }
  return launched;
}

}  // namespace bytesper::supervisor
