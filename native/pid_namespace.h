#pragma once

namespace bytesper {

// Whether a driver in the kernel uses the same pids for this process.
enum class PidScope { kHost, kNested, kUnknown };

PidScope OwnPidScope();
unsigned int OwnPid();
// Whether a process with this pid exists in this namespace.
bool IsVisiblePid(unsigned int pid);

}  // namespace bytesper
