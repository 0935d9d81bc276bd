#include "supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "descriptors.h"
#include "proc_files.h"
#include "sample.h"

namespace bytesper::supervisor {

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 70;
constexpr int64_t kMs = 1000000;
constexpr int64_t kNever = INT64_MAX;

// Assumed speed at which memory fills. It is faster than one socket writes new pages in practice.
constexpr double kFillBytesPerNs = 6.0 * 1024 * 1024 * 1024 / 1e9;
constexpr int64_t kShortestCheckNs = 2 * kMs;
constexpr int64_t kLongestCheckNs = 100 * kMs;

// A process may take long to die, because it first gives back all its memory.
constexpr int64_t kFirstKillPauseNs = kMs;
constexpr int64_t kLongestKillPauseNs = 50 * kMs;

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

void WriteOne(const char* path) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  // If the file cannot be written, signals still kill the tree, only more slowly.
  const ssize_t written = write(fd, "1", 1);
  static_cast<void>(written);
  close(fd);
}

void AddAmount(JsonLine* line, const char* key, const Amount& amount) {
  if (amount.known) line->Number(key, static_cast<int64_t>(amount.bytes));
}

}  // namespace

Supervisor::Supervisor(const Options& options, Report* report, ProcessTree* tree, int signals)
    : options_(options), report_(report), tree_(tree), signals_(signals), lifeline_(options.lifeline) {}

int Supervisor::Run() {
  start_ns_ = Now();
  child_ = Launch(options_);
  if (child_.pid < 0) {
    failure_ = {ChildNote::Kind::kFailure, Stage::kFork, 0, child_.error};
    failed_ = true;
    return Finish();
  }
  reaper_ = Reaper(child_.pid);
  ProcessStat stat;
  if (ReadStat(child_.pid, &stat)) start_ticks_ = stat.start_ticks;
  ReleaseChildDescriptors();
  Heard heard;
  for (;;) {
    // Signals are read before the children: a SIGCHLD that is read after them would be lost.
    const bool told_to_end = heard.signals && ReadSignals();
    ReadNotes();
    const bool alive = reaper_.Reap();
    if (reaper_.main_ended() && !told_main_exit_) {
      main_end_ns_ = Now();
      // Reads the last notes that the child wrote before it ended.
      ReadNotes();
      SendMainExited();
    }
    if (!alive) return Finish();
    if (reaper_.main_ended() && phase_ == Phase::kRunning) BeginKilling();
    // This is checked last: a command that had already ended was not killed.
    if (told_to_end) Stop(Reason::kSignal, true);
    if (heard.lifeline) ReadLifeline();
    ObeyLimits();
    heard = Wait();
  }
}

void Supervisor::ReadNotes() {
  while (child_.notes >= 0) {
    ChildNote note;
    // A note is written in one piece of less than PIPE_BUF, so it is read as a whole.
    const ssize_t got = read(child_.notes, &note, sizeof(note));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got == static_cast<ssize_t>(sizeof(note))) {
      if (note.kind == ChildNote::Kind::kReady) ready_ = true;
      if (note.kind == ChildNote::Kind::kWarning) {
        JsonLine line("warning");
        line.Text("stage", StageName(note.stage));
        line.Text("path", NotePath(note, options_));
        line.Number("errno", note.error);
        line.Text("message", strerror(note.error));
        report_->Send(&line);
      }
      if (note.kind == ChildNote::Kind::kFailure) {
        failed_ = true;
        failure_ = note;
      }
      continue;
    }
    close(child_.notes);
    child_.notes = -1;
    // The pipe also closes if the child was killed before exec.
    if (failed_ || !ready_) return;
    JsonLine line("started");
    line.Number("pid", child_.pid);
    line.Number("startTicks", start_ticks_);
    report_->Send(&line);
    const int64_t now = Now();
    if (options_.sample_ms > 0) next_sample_ns_ = now + options_.sample_ms * kMs;
    if (options_.memory_limit_bytes > 0) next_memory_check_ns_ = now;
  }
}

bool Supervisor::ReadSignals() {
  bool told_to_end = false;
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    if (info.ssi_signo != SIGCHLD) told_to_end = true;
  }
  return told_to_end;
}

// Reads one piece at a time, so that a runner that writes without pause cannot block the limits.
void Supervisor::ReadLifeline() {
  char letters[64];
  const ssize_t got = read(lifeline_, letters, sizeof(letters));
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  for (ssize_t index = 0; index < got; ++index) {
    if (letters[index] == 'K') Stop(Reason::kAsked, false);
    if (letters[index] == 'T') Stop(Reason::kAsked, true);
    if (letters[index] == 'S') SendSample(true);
  }
  if (got > 0) return;
  close(lifeline_);
  lifeline_ = -1;
  Stop(Reason::kLifeline, false);
}

void Supervisor::ObeyLimits() {
  const int64_t now = Now();
  if (phase_ == Phase::kRunning && options_.time_limit_ms > 0 &&
      now >= start_ns_ + options_.time_limit_ms * kMs) {
    Stop(Reason::kTime, true);
  }
  if (phase_ == Phase::kTerminating && now >= kill_at_ns_) BeginKilling();
  if (phase_ == Phase::kKilling) {
    if (now >= next_kill_ns_) KillAgain();
    return;
  }
  if (next_memory_check_ns_ > 0 && now >= next_memory_check_ns_) CheckMemory();
  if (phase_ != Phase::kKilling && next_sample_ns_ > 0 && now >= next_sample_ns_) {
    SendSample(false);
    // Missed samples are skipped.
    const int64_t period = options_.sample_ms * kMs;
    next_sample_ns_ += ((now - next_sample_ns_) / period + 1) * period;
  }
}

// PSS is never more than RSS, because RSS counts shared pages for each process. So the expensive PSS is read
// only if RSS is above the limit.
void Supervisor::CheckMemory() {
  const int64_t begin = Now();
  const RssSum rss = SumRss(tree_);
  uint64_t held = rss.bytes;
  peak_rss_bytes_ = std::max(peak_rss_bytes_, held);
  largest_seen_bytes_ = std::max(largest_seen_bytes_, rss.largest_bytes);
  if (held > options_.memory_limit_bytes) {
    bool exact = false;
    held = SumPss(*tree_, &exact);
    // Processes are read one after the other. A page that becomes shared in between can be counted twice, so
    // a sum above the limit is read again.
    if (held > options_.memory_limit_bytes && tree_->size() > 1) held = SumPss(*tree_, &exact);
    if (exact) peak_pss_bytes_ = std::max(peak_pss_bytes_, held);
  }
  if (held > options_.memory_limit_bytes) {
    over_limit_bytes_ = held;
    return Stop(Reason::kMemory, false);
  }
  const double headroom = static_cast<double>(options_.memory_limit_bytes - held);
  const int64_t end = Now();
  // Reading PSS of gigabytes takes many milliseconds. This pause keeps the checks below half of one core.
  const int64_t shortest = std::max(kShortestCheckNs, end - begin);
  const double until_full = std::min(headroom / kFillBytesPerNs, static_cast<double>(kLongestCheckNs));
  next_memory_check_ns_ = end + std::max(shortest, static_cast<int64_t>(until_full));
}

void Supervisor::SendSample(bool asked) {
  const Sample sample = TakeSample(tree_, child_.pid, asked);
  peak_rss_bytes_ = std::max(peak_rss_bytes_, sample.rss_bytes);
  if (sample.pss.known) peak_pss_bytes_ = std::max(peak_pss_bytes_, sample.pss.bytes);
  largest_seen_bytes_ = std::max(largest_seen_bytes_, sample.largest_hwm.bytes);
  JsonLine line("sample");
  line.Number("processes", static_cast<int64_t>(sample.processes));
  line.Number("rssBytes", static_cast<int64_t>(sample.rss_bytes));
  AddAmount(&line, "largestHwmBytes", sample.largest_hwm);
  AddAmount(&line, "pssBytes", sample.pss);
  AddAmount(&line, "mainPssBytes", sample.main_pss);
  AddAmount(&line, "mainHwmBytes", sample.main_hwm);
  if (!asked) return report_->SendIfFree(&line);
  line.True("asked");
  report_->Send(&line);
}

// The first reason is reported. A later one can only end the tree sooner.
void Supervisor::Stop(Reason reason, bool gently) {
  if (reason_ == Reason::kNone && !reaper_.main_ended()) reason_ = reason;
  if (phase_ == Phase::kKilling) return;
  if (!gently || options_.grace_ms == 0) return BeginKilling();
  if (phase_ == Phase::kTerminating) return;
  phase_ = Phase::kTerminating;
  kill_at_ns_ = Now() + options_.grace_ms * kMs;
  tree_->Walk(SIGTERM);
}

void Supervisor::BeginKilling() {
  phase_ = Phase::kKilling;
  if (reaper_.main_ended()) survivors_ = static_cast<int64_t>(CountAlive(tree_));
  WriteKillFiles();
  // A higher priority helps against a tree that uses all cores. The call fails without privilege.
  setpriority(PRIO_PROCESS, 0, -20);
  kill_pause_ns_ = kFirstKillPauseNs;
  KillAgain();
}

void Supervisor::WriteKillFiles() const {
  for (size_t index = 0; index < options_.kill_files.count; ++index) {
    WriteOne(options_.kill_files.paths[index]);
  }
}

void Supervisor::KillAgain() {
  tree_->Walk(SIGKILL);
  next_kill_ns_ = Now() + kill_pause_ns_;
  kill_pause_ns_ = std::min(2 * kill_pause_ns_, kLongestKillPauseNs);
}

void Supervisor::SendMainExited() {
  told_main_exit_ = true;
  if (failed_) return;
  JsonLine line("main-exited");
  AddEnd(&line);
  report_->Send(&line);
}

int Supervisor::Finish() {
  if (failed_) {
    JsonLine line("failed");
    line.Text("stage", StageName(failure_.stage));
    line.Text("path", NotePath(failure_, options_));
    line.Number("errno", failure_.error);
    line.Text("message", strerror(failure_.error));
    report_->Send(&line);
    report_->Flush();
    return kFailed;
  }
  // Kills a process that was moved into the group from elsewhere.
  if (phase_ != Phase::kKilling) WriteKillFiles();
  JsonLine line("end");
  switch (reason_) {
    case Reason::kNone:
      line.Null("killed");
      break;
    case Reason::kTime:
      line.Text("killed", "time");
      break;
    case Reason::kMemory:
      line.Text("killed", "memory");
      break;
    case Reason::kLifeline:
      line.Text("killed", "lifeline");
      break;
    case Reason::kAsked:
      line.Text("killed", "asked");
      break;
    case Reason::kSignal:
      line.Text("killed", "signal");
      break;
  }
  AddEnd(&line);
  line.Number("survivors", survivors_);
  // Since Linux 6.2, ru_maxrss can miss some pages for each core on which the process ran.
  line.Number("largestProcessPeakBytes",
              static_cast<int64_t>(std::max(reaper_.largest_peak_bytes(), largest_seen_bytes_)));
  line.Number("processesReaped", reaper_.reaped());
  if (peak_rss_bytes_ > 0) line.Number("peakRssBytes", static_cast<int64_t>(peak_rss_bytes_));
  if (peak_pss_bytes_ > 0) line.Number("peakPssBytes", static_cast<int64_t>(peak_pss_bytes_));
  if (over_limit_bytes_ > 0) line.Number("overLimitBytes", static_cast<int64_t>(over_limit_bytes_));
  line.Milliseconds("wallMs", (main_end_ns_ - start_ns_) / 1000);
  line.Milliseconds("userMs", reaper_.user_us());
  line.Milliseconds("systemMs", reaper_.system_us());
  report_->Send(&line);
  return report_->Flush() ? kDone : kFailed;
}

void Supervisor::AddEnd(JsonLine* line) const {
  if (reaper_.main_was_signalled()) {
    line->Number("signal", reaper_.main_signal());
  } else {
    line->Number("code", reaper_.main_code());
  }
}

Supervisor::Heard Supervisor::Wait() {
  pollfd waited[] = {
      {signals_, POLLIN, 0},
      {lifeline_, POLLIN, 0},
      {child_.notes, POLLIN, 0},
      {report_->waiting_fd(), POLLOUT, 0},
  };
  const int64_t deadline = NextDeadline();
  timespec timeout;
  const int64_t left = std::max<int64_t>(deadline - Now(), 0);
  timeout.tv_sec = static_cast<time_t>(left / 1000000000);
  timeout.tv_nsec = static_cast<long>(left % 1000000000);
  const int ready = ppoll(waited, 4, deadline == kNever ? nullptr : &timeout, nullptr);
  Heard heard;
  if (ready <= 0) return heard;
  if (waited[3].revents != 0) report_->WriteKept();
  heard.signals = waited[0].revents != 0;
  heard.lifeline = waited[1].revents != 0;
  return heard;
}

int64_t Supervisor::NextDeadline() const {
  if (phase_ == Phase::kKilling) return next_kill_ns_;
  int64_t deadline = kNever;
  if (phase_ == Phase::kTerminating) deadline = kill_at_ns_;
  if (phase_ == Phase::kRunning && options_.time_limit_ms > 0) {
    deadline = start_ns_ + options_.time_limit_ms * kMs;
  }
  if (next_sample_ns_ > 0) deadline = std::min(deadline, next_sample_ns_);
  if (next_memory_check_ns_ > 0) deadline = std::min(deadline, next_memory_check_ns_);
  return deadline;
}

}  // namespace bytesper::supervisor
