#include "cuda_attention.h"

#include <cstdlib>
#include <cstring>
#include <memory>

#include "block.h"
#include "cuda_choice.h"
#include "cuda_work.h"
#include "half.h"
#include "kernels/launch.h"
#include "kernels/params.h"
#include "kernels/tensor_maps.h"
#include "normal.h"

namespace bytesper {
namespace {

using attention::AttentionParams;
using attention::AttentionSm90Params;
using attention::ElementParams;

std::string PassedOver(const std::string& chain) {
  return chain + " was passed over: it did not prove itself on this device";
}

const char* NameOf(DType type) {
  return type == DType::kFp32 ? "fp32" : type == DType::kFp16 ? "fp16" : "bf16";
}

// One attention on a device. Each step answers whether it could be done; if not, `error` says why.
class CudaAttention {
 public:
  CudaAttention(const AttentionProblem& problem, const AttentionOptions& options, const std::string& file,
                CudaPool* pool, bool poison, PoolError* error)
      : p_(problem), options_(options), poison_(poison), work_(file, pool, error) {}

  bool Start() {
    std::string wrong;
    if (!choice_.Read(options_.instruction_set, &wrong)) return work_.Fail(wrong);
    if (p_.tokens > attention::kMostTokens) return work_.Fail("the kernels take at most 2^31 - 1024 tokens");
    if (!(p_.scale > 0)) return work_.Fail("the kernels take a scale above 0 only");
    return work_.Start();
  }

  bool TakeTensors(const AttentionInputs& inputs, uint64_t* bytes) {
    const int64_t size = Size(p_.dtype);
    const int64_t queries = p_.QueryElements();
    const int64_t keys = p_.KeyElements();
    if (!Take(&queries_, queries * size) || !Take(&keys_, keys * size) || !Take(&values_, keys * size) ||
        !Take(&out_, queries * size)) {
      return false;
    }
    *bytes = static_cast<uint64_t>(2 * (queries + keys) * size);
    // Where the output is wanted it is compared, and memory may hold the right answer of an earlier kernel.
    return Poison(out_, queries * size) && Fill(queries_.data(), inputs.queries, inputs.seed, 0, queries) &&
           Fill(keys_.data(), inputs.keys, inputs.seed, 1, keys) &&
           Fill(values_.data(), inputs.values, inputs.seed, 2, keys);
  }

  bool Run() {
    switch (options_.kernel) {
      case Kernel::kFlash:
        return Flash();
      case Kernel::kNaive:
        return Naive();
      case Kernel::kEager:
        return Eager();
      case Kernel::kReference:
        break;
    }
    return work_.Fail("the reference runs on the host");
  }

  bool CopyOut(void* to) { return work_.ToHost(to, out_.data(), p_.QueryElements() * Size(p_.dtype)); }

  double duration_ms() const { return duration_ms_; }
  const std::string& code() const { return code_; }

 private:
  static int64_t Size(DType type) { return static_cast<int64_t>(BytesOf(type)); }

  bool FailNoKernel(const std::string& reason) { return work_.Fail(reason, PoolError::kNoKernel); }

  bool Take(Block* block, int64_t bytes) { return block->Take(work_.pool(), bytes, work_.error()); }

  // Memory whose numbers are wanted.
  bool Poison(const Block& block, int64_t bytes) {
    return !poison_ || options_.allocate_only || work_.Poison(block.data(), bytes);
  }

  bool Fill(void* to, const void* from, uint64_t seed, uint64_t stream, int64_t count) {
    if (options_.allocate_only) return true;
    if (from == nullptr) return work_.FillNormal(NameOf(p_.dtype), seed, stream, count, to);
    return work_.ToDevice(to, from, count * Size(p_.dtype)) && work_.Wait();
  }

  // Looks a kernel up before the clock runs; the launch then finds it at once.
  bool Ready(const std::string& name, int shared_bytes) {
    cuda::Function function = nullptr;
    return options_.allocate_only || work_.Find(name, shared_bytes, &function);
  }

  bool Launch(const std::string& name, long long blocks, int threads, int shared_bytes, void* params) {
    cuda::Function function = nullptr;
    return work_.Find(name, shared_bytes, &function) &&
           work_.Launch(name.c_str(), function, blocks, threads, shared_bytes, params);
  }

  template <typename Steps>
  bool Time(Steps&& steps) {
    return options_.allocate_only || work_.Time(&duration_ms_, steps);
  }

  AttentionParams Params(void* scores) const {
    AttentionParams params = {};
    params.q = queries_.data();
    params.k = repeated_keys_.data() == nullptr ? keys_.data() : repeated_keys_.data();
    params.v = repeated_values_.data() == nullptr ? values_.data() : repeated_values_.data();
    params.out = out_.data();
    params.scores = scores;
    params.tokens = p_.tokens;
    params.batch = static_cast<int>(p_.batch);
    params.heads = static_cast<int>(p_.heads);
    params.kvHeads = static_cast<int>(p_.kv_heads);
    params.headDim = static_cast<int>(p_.head_dim);
    params.scale = p_.scale;
    params.causal = p_.causal ? 1 : 0;
    return params;
  }

  bool Flash() {
    std::string why;
    const attention::FlashKernel* const kernel =
        choice_.Flash(work_.device(), NameOf(p_.dtype), p_.head_dim, p_.causal, &why);
    if (kernel == nullptr) return FailNoKernel(why);
    code_ = kernel->name;
    const long long tiles = attention::FlashBlocks(kernel->tile, p_.tokens, p_.batch, p_.heads);
    if (!Ready(code_, kernel->tile.sharedBytes)) return false;
    if (FamilyOf(*kernel) == KernelFamily::kSm90) return FlashSm90(*kernel, tiles);
    AttentionParams params = Params(nullptr);
    return Time(
        [&] { return Launch(code_, tiles, kernel->tile.threads, kernel->tile.sharedBytes, &params); });
  }

  bool FlashSm90(const attention::FlashKernel& kernel, long long tiles) {
    if (!attention::Sm90CanCount(kernel.tile, p_.tokens, p_.batch, p_.heads)) {
      return work_.Fail("the sm90 flash kernels take fewer than 2^30 tiles of queries");
    }
    AttentionSm90Params params = {};
    params.attention = Params(nullptr);
    if (!options_.allocate_only &&
        !work_.Call("cuTensorMapEncodeTiled",
                    EncodeSm90Maps(work_.device().api().encode_tensor_map, kernel.tile,
                                   p_.dtype == DType::kBf16, &params))) {
      return false;
    }
    const int processors = work_.device().processors();
    const long long blocks = tiles < processors ? tiles : processors;
    return Time([&] { return Launch(code_, blocks, kernel.tile.threads, kernel.tile.sharedBytes, &params); });
  }

  std::string ScoresName(DType type) const {
    return std::string("bytesper_scores_") + NameOf(p_.dtype) + "_" + NameOf(type);
  }
  std::string ValuesName(DType type) const {
    return std::string("bytesper_values_") + NameOf(p_.dtype) + "_" + NameOf(type);
  }

  bool LaunchScores(DType type, void* scores) {
    const attention::NaiveLaunch& launch = attention::kScoresLaunch;
    AttentionParams params = Params(scores);
    code_ = ScoresName(type);
    return Launch(code_, attention::ScoresBlocks(p_.tokens, p_.batch, p_.heads), launch.threads,
                  launch.sharedBytes, &params);
  }

  bool LaunchSoftmax(const char* name, DType type, void* scores, void* out) {
    const attention::NaiveLaunch& launch = attention::kSoftmaxLaunch;
    AttentionParams params = Params(scores);
    if (out != nullptr) params.out = out;
    return Launch(std::string(name) + NameOf(type), attention::SoftmaxBlocks(p_.tokens, p_.batch, p_.heads),
                  launch.threads, launch.sharedBytes, &params);
  }

  bool LaunchValues(DType type, void* probabilities) {
    const attention::NaiveLaunch& launch = attention::kValuesLaunch;
    AttentionParams params = Params(probabilities);
    return Launch(ValuesName(type), attention::ValuesBlocks(p_.tokens, p_.batch, p_.heads, p_.head_dim),
                  launch.threads, launch.sharedBytes, &params);
  }

  bool LaunchElements(const char* name, DType type, const void* in, void* out) {
    ElementParams params = {in, out, p_.ScoreElements(), 0};
    return Launch(std::string(name) + NameOf(type), attention::ElementBlocks(p_.ScoreElements()),
                  attention::kElementThreads, 0, &params);
  }

  // One buffer for the scores of all heads, softmax in place.
  bool Naive() {
    const std::string chain = std::string("naive_") + NameOf(p_.dtype) + "_" + NameOf(p_.score_dtype);
    if (choice_.PassesOver(chain)) return FailNoKernel(PassedOver(chain));
    Block scores;
    const int64_t bytes = p_.ScoreElements() * Size(p_.score_dtype);
    if (!Take(&scores, bytes) || !Poison(scores, bytes) ||
        !Ready(ScoresName(p_.score_dtype), attention::kScoresLaunch.sharedBytes) ||
        !Ready(std::string("bytesper_softmax_") + NameOf(p_.score_dtype),
               attention::kSoftmaxLaunch.sharedBytes) ||
        !Ready(ValuesName(p_.score_dtype), attention::kValuesLaunch.sharedBytes)) {
      return false;
    }
    return Time([&] {
      return LaunchScores(p_.score_dtype, scores.data()) &&
             LaunchSoftmax("bytesper_softmax_", p_.score_dtype, scores.data(), nullptr) &&
             LaunchValues(p_.score_dtype, scores.data());
    });
  }

  // A copy of the scores in memory of its own, as an element-wise step of an eager implementation makes one.
  bool Copy(Block* from, int64_t bytes) {
    Block copy;
    if (!Take(&copy, bytes)) return false;
    const bool copied = Time([&] { return work_.OnDevice(copy.data(), from->data(), bytes); });
    from->Swap(&copy);
    return copied;
  }

  // The tensors of the host's eager kernel, in the same order. Scale and mask are applied with the product,
  // as no kernel of their own is needed to hold their copies.
  bool Eager() {
    const std::string chain = std::string("eager_") + NameOf(p_.dtype);
    if (choice_.PassesOver(chain)) return FailNoKernel(PassedOver(chain));
    const bool widen = p_.dtype == DType::kBf16;
    if (!Ready(ScoresName(p_.dtype), attention::kScoresLaunch.sharedBytes) ||
        (widen && !Ready("bytesper_widen_bf16", 0)) ||
        !Ready(std::string("bytesper_softmax_to_f32_") + NameOf(widen ? DType::kFp32 : p_.dtype),
               attention::kSoftmaxLaunch.sharedBytes) ||
        (p_.dtype != DType::kFp32 && !Ready(std::string("bytesper_cast_") + NameOf(p_.dtype), 0)) ||
        !Ready(ValuesName(p_.dtype), attention::kValuesLaunch.sharedBytes) || !RepeatKeys()) {
      return false;
    }
    const int64_t count = p_.ScoreElements();
    const int64_t bytes = count * Size(p_.dtype);
    Block scores;
    if (!Take(&scores, bytes) || !Poison(scores, bytes) ||
        !Time([&] { return LaunchScores(p_.dtype, scores.data()); }) || !Copy(&scores, bytes) ||
        (p_.causal && !Copy(&scores, bytes))) {
      return false;
    }
    Block widened;
    Block probabilities;
    if (widen && (!Take(&widened, count * 4) || !Poison(widened, count * 4) || !Time([&] {
          return LaunchElements("bytesper_widen_", p_.dtype, scores.data(), widened.data());
        }))) {
      return false;
    }
    if (!Take(&probabilities, count * 4) || !Poison(probabilities, count * 4)) return false;
    const bool weighed = Time([&] {
      return widen ? LaunchSoftmax("bytesper_softmax_to_f32_", DType::kFp32, widened.data(),
                                   probabilities.data())
                   : LaunchSoftmax("bytesper_softmax_to_f32_", p_.dtype, scores.data(), probabilities.data());
    });
    if (!weighed) return false;
    widened.Reset();
    if (p_.dtype != DType::kFp32) {
      Block cast;
      if (!Take(&cast, bytes) || !Poison(cast, bytes) || !Time([&] {
            return LaunchElements("bytesper_cast_", p_.dtype, probabilities.data(), cast.data());
          })) {
        return false;
      }
      probabilities.Swap(&cast);
    }
    scores.Reset();
    return Time([&] { return LaunchValues(p_.dtype, probabilities.data()); });
  }

  bool RepeatKeys() {
    const int64_t group = p_.heads / p_.kv_heads;
    if (group == 1) return true;
    const int64_t bytes = p_.tokens * p_.head_dim * Size(p_.dtype);
    if (!Take(&repeated_keys_, p_.batch * p_.heads * bytes) ||
        !Take(&repeated_values_, p_.batch * p_.heads * bytes)) {
      return false;
    }
    const bool copied = Time([&] {
      for (int64_t head = 0; head < p_.batch * p_.heads; ++head) {
        if (!CopyHead(repeated_keys_, head, keys_, head / group, bytes) ||
            !CopyHead(repeated_values_, head, values_, head / group, bytes)) {
          return false;
        }
      }
      return true;
    });
    p_.kv_heads = p_.heads;
    return copied;
  }

  bool CopyHead(const Block& to, int64_t to_head, const Block& from, int64_t from_head, int64_t bytes) {
    return work_.OnDevice(static_cast<char*>(to.data()) + to_head * bytes,
                          static_cast<const char*>(from.data()) + from_head * bytes, bytes);
  }

  AttentionProblem p_;
  const AttentionOptions& options_;
  const bool poison_;
  CudaWork work_;
  CudaChoice choice_;
  Block queries_, keys_, values_, out_, repeated_keys_, repeated_values_;
  double duration_ms_ = 0;
  std::string code_;
};

struct FreeDeleter {
  void operator()(void* memory) const { free(memory); }
};

// The float64 reference over the numbers that the device would have; takes nothing from the pool.
AttentionReport RunReference(const AttentionProblem& p, const AttentionInputs& inputs, int threads,
                             void* out) {
  AttentionReport report;
  report.code = "float64";
  using Memory = std::unique_ptr<void, FreeDeleter>;
  const auto tensor = [&](const void* given, uint64_t stream, int64_t count) {
    Memory memory(malloc(static_cast<size_t>(count) * BytesOf(p.dtype)));
    if (memory == nullptr) return memory;
    if (given == nullptr) {
      FillNormal(p.dtype, inputs.seed, stream, count, threads, memory.get());
    } else {
      memcpy(memory.get(), given, static_cast<size_t>(count) * BytesOf(p.dtype));
    }
    return memory;
  };
  const Memory queries = tensor(inputs.queries, 0, p.QueryElements());
  const Memory keys = tensor(inputs.keys, 1, p.KeyElements());
  const Memory values = tensor(inputs.values, 2, p.KeyElements());
  const Memory exact(malloc(static_cast<size_t>(p.QueryElements()) * 8));
  if (queries == nullptr || keys == nullptr || values == nullptr || exact == nullptr) {
    report.error = {PoolError::kDevice, "the host has no memory left for the reference", 0, 0, 0};
    return report;
  }
  double* const numbers = static_cast<double*>(exact.get());
  ReferenceAttention(p, queries.get(), keys.get(), values.get(), threads, numbers);
  for (int64_t i = 0; out != nullptr && i < p.QueryElements(); ++i) {
    const float value = static_cast<float>(numbers[i]);
    if (p.dtype == DType::kFp32) static_cast<float*>(out)[i] = value;
    if (p.dtype == DType::kFp16) static_cast<uint16_t*>(out)[i] = FloatToFp16(value);
    if (p.dtype == DType::kBf16) static_cast<uint16_t*>(out)[i] = FloatToBf16(value);
  }
  return report;
}

}  // namespace

AttentionReport RunCudaAttention(const AttentionProblem& problem, const AttentionInputs& inputs,
                                 const AttentionOptions& options, const std::string& kernels_file,
                                 CudaPool* pool, void* out) {
  if (options.kernel == Kernel::kReference) return RunReference(problem, inputs, options.threads, out);
  AttentionReport report;
  std::string why;
  if (!pool->ResetHighWater(&why)) {
    report.error = {PoolError::kDevice, why, 0, 0, 0};
    return report;
  }
  {
    CudaAttention attention(problem, options, kernels_file, pool, out != nullptr, &report.error);
    if (!attention.Start() || !attention.TakeTensors(inputs, &report.input_output_bytes) ||
        !attention.Run() || (out != nullptr && !options.allocate_only && !attention.CopyOut(out))) {
      return report;
    }
    report.duration_ms = attention.duration_ms();
    report.code = attention.code();
  }
  if (!pool->Stats(&report.at_most, &why)) report.error = {PoolError::kDevice, why, 0, 0, 0};
  return report;
}

}  // namespace bytesper
