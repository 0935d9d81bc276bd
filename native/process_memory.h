#pragma once

#include <napi.h>

namespace bytesper {

// The kernel's counters for this process. Each function returns a record of the contract, or { absent: reason
// } if the system has no such source.
Napi::Value ProcessStatus(const Napi::CallbackInfo& info);
Napi::Value ResetVmHwm(const Napi::CallbackInfo& info);
Napi::Value SmapsRollup(const Napi::CallbackInfo& info);
Napi::Value PageFaults(const Napi::CallbackInfo& info);

}  // namespace bytesper
