#pragma once

#include <napi.h>

namespace bytesper {

// attention(pool, options, queries, keys, values) of the contract.
Napi::Value Attention(const Napi::CallbackInfo& info);

// cudaKernels(pool) of the contract. Loads the kernels, on this thread.
Napi::Value CudaKernels(const Napi::CallbackInfo& info);

// The instruction sets of this processor that the host kernels have code for, the widest first.
Napi::Value CpuInstructionSets(const Napi::CallbackInfo& info);

}  // namespace bytesper
