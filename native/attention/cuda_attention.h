#pragma once

#include <string>

#include "../pool/cuda_pool.h"
#include "attention.h"

namespace bytesper {

// As RunHostAttention, on the device of the pool with the kernels of the fat binary `kernels_file`. The
// reference kernel runs on the host, over the same numbers.
AttentionReport RunCudaAttention(const AttentionProblem& problem, const AttentionInputs& inputs,
                                 const AttentionOptions& options, const std::string& kernels_file,
                                 CudaPool* pool, void* out);

}  // namespace bytesper
