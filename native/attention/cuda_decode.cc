#include "cuda_decode.h"

#include <cstring>

#include "cuda_choice.h"
#include "cuda_work.h"
#include "kernels/decode_launch.h"
#include "kernels/decode_params.h"

namespace bytesper {
namespace {

using attention::DecodeParams;
using attention::StreamParams;

int Log2(int64_t power) {
  int shift = 0;
  while (int64_t{1} << shift < power) ++shift;
  return shift;
}

class CudaDecode {
 public:
  CudaDecode(const DecodeProblem& problem, const DecodeMemory& memory, const DecodeOptions& options,
             const std::string& file, CudaPool* pool, bool poison, PoolError* error)
      : p_(problem),
        memory_(memory),
        options_(options),
        poison_(poison),
        pool_(pool),
        error_(error),
        work_(file, pool, error),
        row_bytes_(static_cast<int>(p_.head_dim * BytesOf(p_.cache))),
        shared_bytes_(attention::DecodeSharedBytes(static_cast<int>(p_.head_dim), row_bytes_)),
        parts_(attention::DecodeParts(p_.MostTokens(), p_.Sequences(), p_.heads, p_.kv_heads, row_bytes_,
                                      pool->device().processors())) {}

  bool Take() {
    CudaChoice choice;
    std::string wrong;
    if (!choice.Read(options_.instruction_set, &wrong)) return work_.Fail(wrong);
    if (!work_.Start()) return false;
    const char* const cache = p_.cache == CacheType::kFp8    ? "fp8"
                              : p_.cache == CacheType::kFp16 ? "fp16"
                                                             : "bf16";
    const char* const dtype = p_.dtype == DType::kFp16 ? "fp16" : "bf16";
    for (const attention::DecodeKernel& kernel : attention::kDecodeKernels) {
      if (kernel.headDim == p_.head_dim && strcmp(kernel.dtype, dtype) == 0 &&
          strcmp(kernel.cache, cache) == 0 && kernel.minArch <= pool_->device().arch()) {
        code_ = kernel.name;
      }
    }
    if (code_.empty()) return work_.Fail("there is no decode kernel for this device", PoolError::kNoKernel);
    if (choice.PassesOver(code_))
      return work_.Fail(code_ + " was passed over on this device", PoolError::kNoKernel);
    const int64_t bytes = p_.QueryElements() * 2;
    const int64_t part_bytes = attention::DecodePartFloats(p_.Sequences(), p_.heads, p_.head_dim, parts_) * 4;
    if (!work_.Find(code_, shared_bytes_, &decode_) ||
        !work_.Find(std::string("bytesper_decode_join_") + dtype, 0, &join_) ||
        !queries_.Take(pool_, bytes, error_) || !out_.Take(pool_, bytes, error_) ||
        !parts_memory_.Take(pool_, part_bytes, error_) || !work_.Upload(memory_.slabs, &slabs_) ||
        !work_.Upload(p_.lengths, &lengths_) || (p_.paged && !work_.Upload(p_.table, &table_)) ||
        (!memory_.scales.empty() && !work_.Upload(memory_.scales, &scales_)) ||
        (poison_ && (!work_.Poison(out_.data(), bytes) || !work_.Poison(parts_memory_.data(), part_bytes)))) {
      return false;
    }
    if (options_.queries == nullptr) {
      return work_.FillNormal(dtype, options_.seed, 0, p_.QueryElements(), queries_.data());
    }
    return work_.ToDevice(queries_.data(), options_.queries, bytes) && work_.Wait();
  }

  bool Run() {
    return work_.Time(&duration_ms_, [&] {
      for (int64_t layer = 0; layer < p_.layers; ++layer) {
        DecodeParams params = Params(layer);
        if (!work_.Launch(code_.c_str(), decode_,
                          attention::DecodeBlocks(p_.Sequences(), p_.heads, p_.kv_heads, parts_),
                          attention::kDecodeThreads, shared_bytes_, &params) ||
            !work_.Launch("bytesper_decode_join", join_,
                          attention::DecodeJoinBlocks(p_.Sequences(), p_.heads), attention::kDecodeThreads, 0,
                          &params)) {
          return false;
        }
      }
      return true;
    });
  }

  bool CopyOut(void* to) { return work_.ToHost(to, out_.data(), p_.QueryElements() * 2); }

  double duration_ms() const { return duration_ms_; }
  int parts() const { return parts_; }
  const std::string& code() const { return code_; }

 private:
  DecodeParams Params(int64_t layer) const {
    const int64_t rows = p_.Sequences() * p_.heads;
    const int64_t layer_bytes = layer * rows * p_.head_dim * 2;
    const int64_t tile = attention::DecodeTileKeys(row_bytes_);
    DecodeParams params = {};
    params.q = static_cast<const char*>(queries_.data()) + layer_bytes;
    params.out = static_cast<char*>(out_.data()) + layer_bytes;
    params.part_out = static_cast<float*>(parts_memory_.data());
    params.part_max = params.part_out + rows * parts_ * p_.head_dim;
    params.part_sum = params.part_max + rows * parts_;
    params.slabs = static_cast<const void* const*>(slabs_.data());
    params.lengths = static_cast<const int32_t*>(lengths_.data());
    params.table = static_cast<const int32_t*>(table_.data());
    params.scales = static_cast<const float* const*>(scales_.data());
    params.key_offset = p_.KeyOffset(layer);
    params.value_offset = p_.ValueOffset(layer);
    params.page_bytes = p_.PageBytes();
    params.scale_offset = static_cast<int>(layer * 2 * p_.kv_heads);
    params.table_width = static_cast<int>(p_.table_width);
    params.slab_shift = Log2(p_.pages_in_slab);
    params.page_shift = p_.paged ? Log2(p_.page_tokens) : 31;
    params.page_tokens = static_cast<int>(p_.page_tokens);
    params.sequences = static_cast<int>(p_.Sequences());
    params.heads = static_cast<int>(p_.heads);
    params.kvHeads = static_cast<int>(p_.kv_heads);
    params.headDim = static_cast<int>(p_.head_dim);
    params.parts = parts_;
    params.part_tokens =
        static_cast<int>(attention::CeilDiv(attention::CeilDiv(p_.MostTokens(), parts_), tile) * tile);
    params.scale = p_.scale;
    return params;
  }

  const DecodeProblem& p_;
  const DecodeMemory& memory_;
  const DecodeOptions& options_;
  const bool poison_;
  CudaPool* const pool_;
  PoolError* const error_;
  CudaWork work_;
  const int row_bytes_;
  const int shared_bytes_;
  const int parts_;
  cuda::Function decode_ = nullptr;
  cuda::Function join_ = nullptr;
  Block queries_, out_, parts_memory_, slabs_, lengths_, table_, scales_;
  double duration_ms_ = 0;
  std::string code_;
};

}  // namespace

DecodeReport RunCudaDecode(const DecodeProblem& problem, const DecodeMemory& memory,
                           const DecodeOptions& options, const std::string& kernels_file, CudaPool* pool,
                           void* out) {
  DecodeReport report;
  if (options.reference) {
    report.error = {PoolError::kDevice, "the reference of decode runs on the host alone", 0, 0, 0};
    return report;
  }
  std::string why;
  if (!pool->ResetHighWater(&why)) {
    report.error = {PoolError::kDevice, why, 0, 0, 0};
    return report;
  }
  {
    CudaDecode decode(problem, memory, options, kernels_file, pool, out != nullptr, &report.error);
    if (!decode.Take() || !decode.Run() || (out != nullptr && !decode.CopyOut(out))) return report;
    report.duration_ms = decode.duration_ms();
    report.parts = decode.parts();
    report.code = decode.code();
  }
  if (!pool->Stats(&report.at_most, &why)) report.error = {PoolError::kDevice, why, 0, 0, 0};
  return report;
}

bool FillCudaBlock(const std::string& type, uint64_t seed, int64_t count, const std::string& kernels_file,
                   CudaPool* pool, void* block, PoolError* error) {
  CudaWork work(kernels_file, pool, error);
  return work.Start() && work.FillNormal(type, seed, 0, count, block);
}

bool WriteCudaBlock(const void* from, int64_t bytes, CudaPool* pool, void* to, PoolError* error) {
  const std::string unused;
  CudaWork work(unused, pool, error);
  return work.Start() && work.ToDevice(to, from, bytes) && work.Wait();
}

bool ReadCudaBlock(const void* block, int64_t bytes, const std::string& kernels_file, CudaPool* pool,
                   double* duration_ms, PoolError* error) {
  CudaWork work(kernels_file, pool, error);
  const long long blocks = attention::StreamBlocks(pool->device().processors());
  Block numbers;
  cuda::Function function = nullptr;
  if (!work.Start() || !numbers.Take(pool, blocks * attention::kStreamThreads * 4, error) ||
      !work.Find("bytesper_stream_read", 0, &function)) {
    return false;
  }
  StreamParams params = {block, static_cast<unsigned*>(numbers.data()), bytes / 16};
  return work.Time(duration_ms, [&] {
    return work.Launch("bytesper_stream_read", function, blocks, attention::kStreamThreads, 0, &params);
  });
}

}  // namespace bytesper
