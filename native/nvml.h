#pragma once

#include <napi.h>

namespace bytesper {

// NvmlReport of the contract, or { absent: reason }. Opens, asks and closes libnvidia-ml.so.1 within the
// call.
Napi::Value NvmlDevices(const Napi::CallbackInfo& info);

}  // namespace bytesper
