#pragma once

#include <string>

#include "../pool/cuda_pool.h"
#include "decode.h"

namespace bytesper {

// RunHostDecode on a device, whose kernels are in `kernels_file`. One layer after the other, so that the
// workspace is that of one layer.
DecodeReport RunCudaDecode(const DecodeProblem& problem, const DecodeMemory& memory,
                           const DecodeOptions& options, const std::string& kernels_file, CudaPool* pool,
                           void* out);

// Fills a block of a device with normal numbers of a type: fp32, fp16, bf16 or fp8.
bool FillCudaBlock(const std::string& type, uint64_t seed, int64_t count, const std::string& kernels_file,
                   CudaPool* pool, void* block, PoolError* error);

// Copies bytes of the host into a block of a device.
bool WriteCudaBlock(const void* from, int64_t bytes, CudaPool* pool, void* to, PoolError* error);

// Milliseconds of one read of a block from end to end, between two events.
bool ReadCudaBlock(const void* block, int64_t bytes, const std::string& kernels_file, CudaPool* pool,
                   double* duration_ms, PoolError* error);

}  // namespace bytesper
