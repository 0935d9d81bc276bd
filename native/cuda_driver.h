#pragma once

#include <napi.h>

namespace bytesper {

// CudaReport of the contract, or { absent: reason }. Makes no context, which would itself cost device memory.
Napi::Value CudaDevices(const Napi::CallbackInfo& info);

}  // namespace bytesper
