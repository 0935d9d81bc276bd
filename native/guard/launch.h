#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "options.h"

namespace bytesper::guard {

enum class Stage : int32_t { kJoin, kLimit, kExec, kFork, kOomScoreAdj };

const char* StageName(Stage stage);

// What the child says before it becomes the command. The pipe closes when it has.
struct ChildNote {
  enum class Kind : int32_t { kWarning, kFailure, kReady };
  Kind kind;
  Stage stage;
  int32_t path;  // which --join path, or which resource limit
  int32_t error;
};

// The file or the resource limit that the note is about.
const char* NotePath(const ChildNote& note, const Options& options);

struct Launched {
  pid_t pid = -1;
  // Reads ChildNotes without waiting; at its end the child runs the command or has ended.
  int notes = -1;
  int error = 0;
};

// Starts the command as a child in a session of its own, with the limits of the options.
Launched Launch(const Options& options);

}  // namespace bytesper::guard
