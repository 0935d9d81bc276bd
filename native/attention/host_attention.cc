#include <chrono>
#include <cstring>

#include "../parallel.h"
#include "attention.h"
#include "block.h"
#include "cpu_kernels.h"
#include "half.h"
#include "normal.h"

namespace bytesper {
namespace {

// Rows of a task: enough to make packing the keys cheap, few enough for the second-level cache.
constexpr int64_t kBlockRows = 192;
constexpr int64_t kRowStep = 48;
// A multiple of the rows of every tile.
constexpr int64_t kTileRows = 12;
// What all threads work in stays below this, down to kRowStep rows each, whatever the number of tokens.
constexpr int64_t kWorkspaceBytes = int64_t{8} << 20;
// A copy is divided among the threads in pieces of so many bytes, a step over elements in so many elements.
constexpr int64_t kPiece = int64_t{1} << 20;

// One attention on the host. Each step answers whether the pool gave what it needs.
class HostAttention {
 public:
  HostAttention(const AttentionProblem& problem, const AttentionOptions& options, const CpuKernels& kernels,
                MemoryPool* pool, PoolError* error)
      : p_(problem),
        options_(options),
        kernels_(kernels),
        pool_(pool),
        error_(error),
        most_rows_(MostRows()),
        block_rows_(BlockRows()),
        row_blocks_((p_.tokens + block_rows_ - 1) / block_rows_) {}

  bool TakeTensors(const AttentionInputs& inputs, uint64_t* bytes) {
    const int64_t size = static_cast<int64_t>(BytesOf(p_.dtype));
    const int64_t queries = p_.QueryElements();
    const int64_t keys = p_.KeyElements();
    if (!queries_.Take(pool_, queries * size, error_) || !keys_.Take(pool_, keys * size, error_) ||
        !values_.Take(pool_, keys * size, error_) || !out_.Take(pool_, queries * size, error_)) {
      return false;
    }
    *bytes = static_cast<uint64_t>(2 * (queries + keys) * size);
    Fill(queries_.data(), inputs.queries, inputs.seed, 0, queries);
    Fill(keys_.data(), inputs.keys, inputs.seed, 1, keys);
    Fill(values_.data(), inputs.values, inputs.seed, 2, keys);
    tensors_ = {queries_.data(), keys_.data(), values_.data(), out_.data()};
    return true;
  }

  bool TakeScratch() {
    const int64_t bytes = ScratchBytes(most_rows_);
    scratch_stride_ = bytes / 4;
    return scratch_.Take(pool_, bytes * Workers(), error_);
  }

  bool Flash() {
    EachBlock(
        [this](const RowBlock& block, float* scratch) { kernels_.flash(p_, tensors_, block, scratch); });
    return true;
  }

  // One buffer for the scores of all heads, softmax in place.
  bool Naive() {
    Block scores;
    if (!scores.Take(pool_, p_.ScoreElements() * static_cast<int64_t>(BytesOf(p_.score_dtype)), error_)) {
      return false;
    }
    const ScoreMatrix matrix = {scores.data(), p_.score_dtype};
    Time([&] {
      EachBlock([&](const RowBlock& block, float* scratch) {
        kernels_.scores(p_, tensors_, block, p_.scale, p_.causal, matrix, scratch);
        kernels_.softmax(matrix, matrix, block.head * p_.tokens + block.first_row, block.rows, p_.tokens);
        kernels_.weigh(p_, tensors_, block, matrix, scratch);
      });
    });
    return true;
  }

  // The tensors that a common eager implementation makes one after the other, each while the one it is made
  // from is alive: Q K^T, its product with the scale, the sum with the mask, the softmax in fp32 (bf16 scores
  // are widened first), the cast back, and keys and values repeated for the heads that share them.
  bool Eager() {
    if (!RepeatKeys()) return false;
    const int64_t count = p_.ScoreElements();
    const int64_t size = static_cast<int64_t>(BytesOf(p_.dtype));
    Block raw;
    if (!raw.Take(pool_, count * size, error_)) return false;
    Time([&] {
      EachBlock([&](const RowBlock& block, float* scratch) {
        kernels_.scores(p_, tensors_, block, 1.0f, false, {raw.data(), p_.dtype}, scratch);
      });
    });
    Block scores;
    if (!scores.Take(pool_, count * size, error_)) return false;
    Convert({raw.data(), p_.dtype}, {scores.data(), p_.dtype}, p_.scale);
    raw.Reset();
    if (p_.causal) {
      Block masked;
      if (!masked.Take(pool_, count * size, error_)) return false;
      Mask(scores.data(), masked.data());
      scores.Swap(&masked);
    }
    Block probabilities;
    if (!SoftmaxToFp32(scores.data(), &probabilities)) return false;
    if (p_.dtype != DType::kFp32) {
      Block cast;
      if (!cast.Take(pool_, count * size, error_)) return false;
      Convert({probabilities.data(), DType::kFp32}, {cast.data(), p_.dtype}, 1.0f);
      probabilities.Swap(&cast);
    }
    scores.Reset();
    Time([&] {
      EachBlock([&](const RowBlock& block, float* scratch) {
        kernels_.weigh(p_, tensors_, block, {probabilities.data(), p_.dtype}, scratch);
      });
    });
    return true;
  }

  bool Reference() {
    Block exact;
    if (!exact.Take(pool_, p_.QueryElements() * 8, error_)) return false;
    double* const out = static_cast<double*>(exact.data());
    Time([&] {
      ReferenceAttention(p_, tensors_.queries, tensors_.keys, tensors_.values, options_.threads, out);
      for (int64_t i = 0; i < p_.QueryElements(); ++i) {
        const float value = static_cast<float>(out[i]);
        if (p_.dtype == DType::kFp32) static_cast<float*>(out_.data())[i] = value;
        if (p_.dtype == DType::kFp16) static_cast<uint16_t*>(out_.data())[i] = FloatToFp16(value);
        if (p_.dtype == DType::kBf16) static_cast<uint16_t*>(out_.data())[i] = FloatToBf16(value);
      }
    });
    return true;
  }

  bool Run() {
    switch (options_.kernel) {
      case Kernel::kFlash:
        if (!TakeScratch()) return false;
        Time([this] { Flash(); });
        return true;
      case Kernel::kNaive:
        return TakeScratch() && Naive();
      case Kernel::kEager:
        return TakeScratch() && Eager();
      case Kernel::kReference:
        return Reference();
    }
    return false;
  }

  void CopyOut(void* to) const {
    Copy(to, out_.data(), p_.QueryElements() * static_cast<int64_t>(BytesOf(p_.dtype)));
  }

  double duration_ms() const { return duration_ms_; }

 private:
  int Workers() const { return options_.threads < 1 ? 1 : options_.threads; }

  // Most rows of a block: fewer where the blocks would not keep all threads busy, or would take too much
  // memory together.
  int64_t MostRows() const {
    const int64_t wanted = 4 * int64_t{Workers()} / (p_.batch * p_.heads) + 1;
    const int64_t even = (p_.tokens / wanted + kRowStep - 1) / kRowStep * kRowStep;
    int64_t rows = even < kRowStep ? kRowStep : (even > kBlockRows ? kBlockRows : even);
    while (rows > kRowStep && ScratchBytes(rows) * Workers() > kWorkspaceBytes) rows -= kRowStep;
    return rows;
  }

  // As even as the tiles allow.
  int64_t BlockRows() const {
    const int64_t blocks = (p_.tokens + most_rows_ - 1) / most_rows_;
    return ((p_.tokens + blocks - 1) / blocks + kTileRows - 1) / kTileRows * kTileRows;
  }

  // A page apart, so that no two threads write to one cache line.
  int64_t ScratchBytes(int64_t rows) const {
    constexpr int64_t page = 4096;
    const size_t floats = kernels_.scratch_floats(p_.dtype, p_.head_dim, rows);
    return (static_cast<int64_t>(floats) * 4 + page - 1) / page * page;
  }

  template <typename Body>
  void Time(Body&& body) {
    if (options_.allocate_only) return;
    const auto start = std::chrono::steady_clock::now();
    body();
    duration_ms_ +=
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

  // Later rows of a causal head are longer, so they come first.
  template <typename Body>
  void EachBlock(Body&& body) {
    const int64_t tasks = p_.batch * p_.heads * row_blocks_;
    ParallelFor(options_.threads, tasks, [&](int64_t task, int worker) {
      RowBlock block;
      const int64_t index = p_.causal ? row_blocks_ - 1 - task / (p_.batch * p_.heads) : task % row_blocks_;
      block.head = p_.causal ? task % (p_.batch * p_.heads) : task / row_blocks_;
      block.first_row = index * block_rows_;
      const int64_t left = p_.tokens - block.first_row;
      block.rows = left < block_rows_ ? left : block_rows_;
      body(block, static_cast<float*>(scratch_.data()) + worker * scratch_stride_);
    });
  }

  void Fill(void* to, const void* from, uint64_t seed, uint64_t stream, int64_t count) const {
    if (options_.allocate_only) return;
    if (from == nullptr) return FillNormal(p_.dtype, seed, stream, count, options_.threads, to);
    Copy(to, from, count * static_cast<int64_t>(BytesOf(p_.dtype)));
  }

  void Copy(void* to, const void* from, int64_t bytes) const {
    ParallelFor(options_.threads, (bytes + kPiece - 1) / kPiece, [&](int64_t piece, int) {
      const int64_t first = piece * kPiece;
      const int64_t size = bytes - first < kPiece ? bytes - first : kPiece;
      memcpy(static_cast<char*>(to) + first, static_cast<const char*>(from) + first,
             static_cast<size_t>(size));
    });
  }

  void Convert(const ScoreMatrix& in, const ScoreMatrix& out, float factor) {
    const int64_t count = p_.ScoreElements();
    Time([&] {
      ParallelFor(options_.threads, (count + kPiece - 1) / kPiece, [&](int64_t piece, int) {
        const int64_t first = piece * kPiece;
        kernels_.convert(in, out, first, count - first < kPiece ? count - first : kPiece, factor);
      });
    });
  }

  void Mask(const void* from, void* to) {
    const int64_t size = static_cast<int64_t>(BytesOf(p_.dtype));
    const uint32_t never = p_.dtype == DType::kFp32   ? 0xff800000u
                           : p_.dtype == DType::kBf16 ? 0xff80u
                                                      : 0xfc00u;
    Time([&] {
      ParallelFor(options_.threads, p_.batch * p_.heads * p_.tokens, [&](int64_t row, int) {
        const int64_t seen = row % p_.tokens + 1;
        char* const at = static_cast<char*>(to) + row * p_.tokens * size;
        memcpy(at, static_cast<const char*>(from) + row * p_.tokens * size, static_cast<size_t>(seen * size));
        for (int64_t key = seen; key < p_.tokens; ++key) {
          memcpy(at + key * size, &never, static_cast<size_t>(size));
        }
      });
    });
  }

  bool SoftmaxToFp32(const void* scores, Block* probabilities) {
    Block widened;
    const void* from = scores;
    DType type = p_.dtype;
    if (p_.dtype == DType::kBf16) {
      if (!widened.Take(pool_, p_.ScoreElements() * 4, error_)) return false;
      Convert({const_cast<void*>(scores), type}, {widened.data(), DType::kFp32}, 1.0f);
      from = widened.data();
      type = DType::kFp32;
    }
    if (!probabilities->Take(pool_, p_.ScoreElements() * 4, error_)) return false;
    Time([&] {
      const int64_t rows = p_.batch * p_.heads * p_.tokens;
      constexpr int64_t step = 16;
      ParallelFor(options_.threads, (rows + step - 1) / step, [&](int64_t task, int) {
        const int64_t first = task * step;
        kernels_.softmax({const_cast<void*>(from), type}, {probabilities->data(), DType::kFp32}, first,
                         rows - first < step ? rows - first : step, p_.tokens);
      });
    });
    return true;
  }

  bool RepeatKeys() {
    const int64_t group = p_.heads / p_.kv_heads;
    if (group == 1) return true;
    const int64_t bytes = p_.tokens * p_.head_dim * static_cast<int64_t>(BytesOf(p_.dtype));
    if (!repeated_keys_.Take(pool_, p_.batch * p_.heads * bytes, error_) ||
        !repeated_values_.Take(pool_, p_.batch * p_.heads * bytes, error_)) {
      return false;
    }
    Time([&] {
      for (int64_t head = 0; head < p_.batch * p_.heads; ++head) {
        Copy(static_cast<char*>(repeated_keys_.data()) + head * bytes,
             static_cast<const char*>(tensors_.keys) + head / group * bytes, bytes);
        Copy(static_cast<char*>(repeated_values_.data()) + head * bytes,
             static_cast<const char*>(tensors_.values) + head / group * bytes, bytes);
      }
    });
    tensors_.keys = repeated_keys_.data();
    tensors_.values = repeated_values_.data();
    p_.kv_heads = p_.heads;
    return true;
  }

  AttentionProblem p_;
  const AttentionOptions& options_;
  const CpuKernels& kernels_;
  MemoryPool* const pool_;
  PoolError* const error_;
  const int64_t most_rows_;
  const int64_t block_rows_;
  const int64_t row_blocks_;
  AttentionTensors tensors_;
  Block queries_, keys_, values_, out_, scratch_, repeated_keys_, repeated_values_;
  int64_t scratch_stride_ = 0;
  double duration_ms_ = 0;
};

}  // namespace

AttentionReport RunHostAttention(const AttentionProblem& problem, const AttentionInputs& inputs,
                                 const AttentionOptions& options, MemoryPool* pool, void* out) {
  AttentionReport report;
  const CpuKernels* kernels = ChooseCpuKernels(options.instruction_set);
  if (kernels == nullptr) {
    report.error = {PoolError::kDevice, "this processor lacks the instruction set", 0, 0, 0};
    return report;
  }
  report.code = options.kernel == Kernel::kReference ? "float64" : kernels->instruction_set;
  std::string unused;
  pool->ResetHighWater(&unused);
  HostAttention attention(problem, options, *kernels, pool, &report.error);
  if (!attention.TakeTensors(inputs, &report.input_output_bytes) || !attention.Run()) return report;
  report.duration_ms = attention.duration_ms();
  if (out != nullptr) attention.CopyOut(out);
  pool->Stats(&report.at_most, &unused);
  return report;
}

}  // namespace bytesper
