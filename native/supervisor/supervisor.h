#pragma once

#include <cstdint>

#include "launch.h"
#include "options.h"
#include "process_tree.h"
#include "reaper.h"
#include "report.h"

namespace bytesper::supervisor {

// Runs the command until its whole tree has ended, and reports the end. It uses one thread and one poll.
class Supervisor {
 public:
  // `signals`: a signalfd for SIGCHLD and the signals that end the run.
  Supervisor(const Options& options, Report* report, ProcessTree* tree, int signals);

  int Run();

 private:
  enum class Reason { kNone, kTime, kMemory, kLifeline, kAsked, kSignal };
  enum class Phase {
    kRunning,
    kTerminating,  // SIGTERM was sent; what is left at kill_at_ns_ gets SIGKILL
    kKilling,
  };

  struct Heard {
    bool signals = false;
    bool lifeline = false;
  };

  void ReadNotes();
  // Returns whether one of the signals ends the run.
  bool ReadSignals();
  void ReadLifeline();
  void ObeyLimits();
  void CheckMemory();
  void SendSample(bool asked);
  void Stop(Reason reason, bool gently);
  void BeginKilling();
  void KillAgain();
  void WriteKillFiles() const;
  void SendMainExited();
  int Finish();
  Heard Wait();
  int64_t NextDeadline() const;
  void AddEnd(JsonLine* line) const;

  const Options& options_;
  Report* report_;
  ProcessTree* tree_;
  int signals_;
  int lifeline_;
  Launched child_;
  Reaper reaper_{-1};

  Phase phase_ = Phase::kRunning;
  Reason reason_ = Reason::kNone;
  bool ready_ = false;
  bool failed_ = false;
  bool told_main_exit_ = false;
  ChildNote failure_{};

  // Times of CLOCK_MONOTONIC. 0 means that it never comes.
  int64_t start_ns_ = 0;
  int64_t main_end_ns_ = 0;
  int64_t start_ticks_ = 0;
  int64_t kill_at_ns_ = 0;
  int64_t next_kill_ns_ = 0;
  int64_t kill_pause_ns_ = 0;
  int64_t next_sample_ns_ = 0;
  int64_t next_memory_check_ns_ = 0;

  int64_t survivors_ = 0;
  uint64_t peak_rss_bytes_ = 0;
  uint64_t peak_pss_bytes_ = 0;
  uint64_t largest_seen_bytes_ = 0;
  uint64_t over_limit_bytes_ = 0;
};

}  // namespace bytesper::supervisor
