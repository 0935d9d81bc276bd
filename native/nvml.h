#pragma once

#include <napi.h>

namespace bytesper {

// Returns NvmlReport of the contract, or { absent: reason }. Opens, queries and closes libnvidia-ml.so.1 in
// this call.
Napi::Value NvmlDevices(const Napi::CallbackInfo& info);

}  // namespace bytesper
