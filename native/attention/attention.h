#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../pool/memory_pool.h"
#include "problem.h"

namespace bytesper {

// Where the inputs of an attention come from: copies of the caller's arrays, or numbers drawn from a seed.
struct AttentionInputs {
  const void* queries = nullptr;
  const void* keys = nullptr;
  const void* values = nullptr;
  // Used where the arrays are null: independent normal numbers, the same on every device.
  uint64_t seed = 0;
};

struct AttentionOptions {
  Kernel kernel = Kernel::kFlash;
  int threads = 1;
  // Null for the widest instruction set; see ChooseCpuKernels.
  const char* instruction_set = nullptr;
  // Takes all memory and computes nothing.
  bool allocate_only = false;
};

struct AttentionReport {
  PoolError error;
  // Time of the kernel steps alone, without allocation and copies.
  double duration_ms = 0;
  PoolStats at_most;
  // What the queries, keys, values and the output take, in requested bytes.
  uint64_t input_output_bytes = 0;
  // Which code ran, such as "avx2".
  std::string code;
};

// Runs attention on the host with all memory from `pool`, whose high-water marks it resets first. `out`,
// where not null, receives the output [batch, heads, tokens, headDim] in the type of the problem. The problem
// is valid.
AttentionReport RunHostAttention(const AttentionProblem& problem, const AttentionInputs& inputs,
                                 const AttentionOptions& options, MemoryPool* pool, void* out);

// O in double precision from the inputs as they are rounded, [batch, heads, tokens, headDim]. Needs
// 8 x tokens bytes a thread. For checks: it is slow.
void ReferenceAttention(const AttentionProblem& problem, const void* queries, const void* keys,
                        const void* values, int threads, double* out);

}  // namespace bytesper
