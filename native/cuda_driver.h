#pragma once

#include <napi.h>

namespace bytesper {

// Returns CudaReport of the contract, or { absent: reason }. Creates no context, because a context takes
// device memory.
Napi::Value CudaDevices(const Napi::CallbackInfo& info);

}  // namespace bytesper
