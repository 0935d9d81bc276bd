#pragma once

#include <napi.h>

namespace bytesper {

// Each returns a record of the contract, or { absent: reason } where the system has no such source.
Napi::Value ProcessStatus(const Napi::CallbackInfo& info);
Napi::Value ResetVmHwm(const Napi::CallbackInfo& info);
Napi::Value SmapsRollup(const Napi::CallbackInfo& info);
Napi::Value PageFaults(const Napi::CallbackInfo& info);
Napi::Value MallocInfo(const Napi::CallbackInfo& info);
// Throws TypeError or RangeError unless called with a whole number of bytes from 1 to 1 GiB.
Napi::Value MallocSelfTest(const Napi::CallbackInfo& info);

}  // namespace bytesper
