#pragma once

namespace bytesper {

// Whether PIDs of this process mean the same to a driver in the kernel.
enum class PidScope { kHost, kNested, kUnknown };

PidScope OwnPidScope();
unsigned int OwnPid();
// Whether a process of this PID exists in our namespace.
bool IsVisiblePid(unsigned int pid);

}  // namespace bytesper
