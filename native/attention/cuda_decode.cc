#include "cuda_decode.h"

#include <cstring>

#include "block.h"
#include "cuda_choice.h"
#include "kernels/decode_launch.h"
#include "kernels/decode_params.h"
#include "kernels/params.h"
#include "kernels/rough_normal.h"

namespace bytesper {
namespace {

using attention::DecodeParams;
using attention::ElementParams;
using attention::StreamParams;
using cuda::Address;
using cuda::Api;
using cuda::kSuccess;
using cuda::Result;

Address ToAddress(const void* block) { return static_cast<Address>(reinterpret_cast<uintptr_t>(block)); }

// Work on the stream of a pool. Each step answers whether it could be done; if not, `error` says why.
class Steps {
 public:
  Steps(const std::string& file, CudaPool* pool, PoolError* error)
      : pool_(pool), api_(pool->device().api()), file_(file), error_(error) {}
  ~Steps() {
    std::string unused;
    if (!pool_->device().Use(&unused)) return;
    if (start_ != nullptr) api_.event_destroy(start_);
    if (stop_ != nullptr) api_.event_destroy(stop_);
  }
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;

  bool Fail(const std::string& reason, PoolError::Kind kind = PoolError::kDevice) {
    *error_ = {kind, reason, 0, 0, 0};
    return false;
  }
  bool Start() {
    std::string why;
    return pool_->device().Use(&why) || Fail(why);
  }
  // Errors of kernels show here.
  bool Wait() { return Call("cuStreamSynchronize", api_.stream_wait(pool_->stream())); }

  // The source is pageable, so the copy has left it when the call returns.
  bool ToDevice(void* to, const void* from, int64_t bytes) {
    return Call("cuMemcpyHtoD",
                api_.to_device(ToAddress(to), from, static_cast<size_t>(bytes), pool_->stream()));
  }
  // Numbers that were never written then show as NaN.
  bool Poison(void* block, int64_t bytes) {
    return Call("cuMemsetD8Async",
                api_.set_bytes(ToAddress(block), 0xff, static_cast<size_t>(bytes), pool_->stream()));
  }
  bool ToHost(void* to, const void* from, int64_t bytes) {
    return Call("cuMemcpyDtoH",
                api_.to_host(to, ToAddress(from), static_cast<size_t>(bytes), pool_->stream())) &&
           Wait();
  }
  template <class Number>
  bool Upload(const std::vector<Number>& numbers, Block* block) {
    const int64_t bytes = static_cast<int64_t>(numbers.size() * sizeof(Number));
    return block->Take(pool_, bytes, error_) && ToDevice(block->data(), numbers.data(), bytes);
  }

  // Looks a kernel up, so that a launch within the events finds it at once.
  bool Find(const std::string& name, int shared_bytes, cuda::Function* function) {
    std::string why;
    return pool_->device().Kernel(file_, name, shared_bytes, function, &why) || Fail(why);
  }
  bool Launch(cuda::Function function, long long blocks, int threads, int shared_bytes, void* params) {
    const attention::Grid grid = attention::GridFor(blocks);
    void* arguments[] = {params};
    return Call("cuLaunchKernel",
                api_.launch(function, grid.x, grid.y, grid.z, static_cast<unsigned>(threads), 1, 1,
                            static_cast<unsigned>(shared_bytes), pool_->stream(), arguments, nullptr));
  }
  template <class Body>
  bool Time(double* duration_ms, Body&& body) {
    float elapsed = 0;
    if (!Call("cuEventCreate", api_.event_create(&start_, 0)) ||
        !Call("cuEventCreate", api_.event_create(&stop_, 0)) ||
        !Call("cuEventRecord", api_.event_record(start_, pool_->stream())) || !body() ||
        !Call("cuEventRecord", api_.event_record(stop_, pool_->stream())) || !Wait() ||
        !Call("cuEventElapsedTime", api_.event_elapsed(&elapsed, start_, stop_))) {
      return false;
    }
    *duration_ms = static_cast<double>(elapsed);
    return true;
  }

 private:
  bool Call(const char* name, Result result) {
    return result == kSuccess || Fail(cuda::Describe(api_, name, result));
  }

  CudaPool* const pool_;
  const Api& api_;
  const std::string& file_;
  PoolError* const error_;
  cuda::Event start_ = nullptr;
  cuda::Event stop_ = nullptr;
};

int Log2(int64_t power) {
  int shift = 0;
  while (int64_t{1} << shift < power) ++shift;
  return shift;
}

bool Fill(Steps* steps, const std::string& kernel, uint64_t seed, int64_t count, void* block) {
  cuda::Function function = nullptr;
  ElementParams params = {nullptr, block, count, attention::StreamSeed(seed, 0)};
  return steps->Find(kernel, 0, &function) &&
         steps->Launch(function, attention::ElementBlocks(count), attention::kElementThreads, 0, &params) &&
         steps->Wait();
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
        steps_(file, pool, error),
        row_bytes_(static_cast<int>(p_.head_dim * BytesOf(p_.cache))),
        shared_bytes_(attention::DecodeSharedBytes(static_cast<int>(p_.head_dim), row_bytes_)),
        parts_(attention::DecodeParts(p_.MostTokens(), p_.Sequences(), p_.heads, p_.kv_heads, row_bytes_,
                                      pool->device().processors())) {}

  bool Take() {
    CudaChoice choice;
    std::string wrong;
    if (!choice.Read(options_.instruction_set, &wrong)) return steps_.Fail(wrong);
    if (!steps_.Start()) return false;
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
    if (code_.empty()) return steps_.Fail("there is no decode kernel for this device", PoolError::kNoKernel);
    if (choice.PassesOver(code_))
      return steps_.Fail(code_ + " was passed over on this device", PoolError::kNoKernel);
    const int64_t bytes = p_.QueryElements() * 2;
    if (!steps_.Find(code_, shared_bytes_, &decode_) ||
        !steps_.Find(std::string("bytesper_decode_join_") + dtype, 0, &join_) ||
        !queries_.Take(pool_, bytes, error_) || !out_.Take(pool_, bytes, error_) ||
        !parts_memory_.Take(
            pool_, attention::DecodePartFloats(p_.Sequences(), p_.heads, p_.head_dim, parts_) * 4, error_) ||
        !steps_.Upload(memory_.slabs, &slabs_) || !steps_.Upload(p_.lengths, &lengths_) ||
        (p_.paged && !steps_.Upload(p_.table, &table_)) ||
        (!memory_.scales.empty() && !steps_.Upload(memory_.scales, &scales_)) ||
        (poison_ && !steps_.Poison(out_.data(), bytes))) {
      return false;
    }
    if (options_.queries == nullptr) {
      return Fill(&steps_, std::string("bytesper_fill_normal_") + dtype, options_.seed, p_.QueryElements(),
                  queries_.data());
    }
    return steps_.ToDevice(queries_.data(), options_.queries, bytes) && steps_.Wait();
  }

  bool Run() {
    return steps_.Time(&duration_ms_, [&] {
      for (int64_t layer = 0; layer < p_.layers; ++layer) {
        DecodeParams params = Params(layer);
        if (!steps_.Launch(decode_, attention::DecodeBlocks(p_.Sequences(), p_.heads, p_.kv_heads, parts_),
                           attention::kDecodeThreads, shared_bytes_, &params) ||
            !steps_.Launch(join_, attention::DecodeJoinBlocks(p_.Sequences(), p_.heads),
                           attention::kDecodeThreads, 0, &params)) {
          return false;
        }
      }
      return true;
    });
  }

  bool CopyOut(void* to) { return steps_.ToHost(to, out_.data(), p_.QueryElements() * 2); }

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
  Steps steps_;
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

bool FillCudaBlock(const std::string& kernel, uint64_t seed, int64_t count, const std::string& kernels_file,
                   CudaPool* pool, void* block, PoolError* error) {
  Steps steps(kernels_file, pool, error);
  return steps.Start() && Fill(&steps, kernel, seed, count, block);
}

bool WriteCudaBlock(const void* from, int64_t bytes, CudaPool* pool, void* to, PoolError* error) {
  const std::string unused;
  Steps steps(unused, pool, error);
  return steps.Start() && steps.ToDevice(to, from, bytes) && steps.Wait();
}

bool ReadCudaBlock(const void* block, int64_t bytes, const std::string& kernels_file, CudaPool* pool,
                   double* duration_ms, PoolError* error) {
  Steps steps(kernels_file, pool, error);
  const long long blocks = attention::StreamBlocks(pool->device().processors());
  Block numbers;
  cuda::Function function = nullptr;
  if (!steps.Start() || !numbers.Take(pool, blocks * attention::kStreamThreads * 4, error) ||
      !steps.Find("bytesper_stream_read", 0, &function)) {
    return false;
  }
  StreamParams params = {block, static_cast<unsigned*>(numbers.data()), bytes / 16};
  return steps.Time(duration_ms,
                    [&] { return steps.Launch(function, blocks, attention::kStreamThreads, 0, &params); });
}

}  // namespace bytesper
