#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "options.h"

namespace bytesper::supervisor {

enum class Stage : int32_t { kJoin, kLimit, kExec, kFork, kOomScoreAdj };

const char* StageName(Stage stage);

// Message of the child before it becomes the command. The pipe closes when the command starts or the child
// ends.
struct ChildNote {
  enum class Kind : int32_t { kWarning, kFailure, kReady };
  Kind kind;
  Stage stage;
  int32_t path;  // which --join path, or which resource limit
  int32_t error;
};

const char* NotePath(const ChildNote& note, const Options& options);

struct Launched {
  pid_t pid = -1;
  // Descriptor that gives ChildNotes without waiting. At its end, the child runs the command or has ended.
  int notes = -1;
  int error = 0;
};

// Starts the command as a child in a new session, with the limits of the options.
Launched Launch(const Options& options);

}  // namespace bytesper::supervisor
