#include "decode_call.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "../arguments.h"
#include "../parallel.h"
#include "call.h"
#include "cpu_kernels.h"
#include "cuda_decode.h"
#include "decode.h"
#include "half.h"
#include "kernels/fp8.h"
#include "kernels/rough_normal.h"
#include "normal.h"

namespace bytesper {
namespace {

const char* const kTypes[] = {"fp32", "fp16", "bf16", nullptr};
const char* const kCacheTypes[] = {"fp16", "bf16", "fp8", nullptr};
constexpr int64_t kPiece = int64_t{1} << 20;
// Random numbers repeat after so many bytes: who measures bytes and time need not draw each of them.
constexpr int64_t kDrawnBytes = int64_t{1} << 22;

// What one call takes to the other thread and brings back. `shared` is released last: the blocks are its own.
struct Job {
  std::shared_ptr<SharedPool> shared;
  DecodeProblem problem;
  DecodeOptions options;
  std::string instruction_set;
  HeldBlocks slabs, scales;
  HostMemory queries;
  CallOutput out;
  DecodeReport report;
};

// The block of a handle; null with an exception where there is none.
std::shared_ptr<HeldBlock> BlockOf(Napi::Env env, SharedPool* shared, Napi::Value value, const char* name) {
  ArgumentReader reader(env);
  const int64_t handle = reader.Count(value, name, 1);
  if (!reader.ok()) return nullptr;
  auto block = shared->Find(handle);
  if (block == nullptr) reader.Fail(name, "is not of this pool, or its block was given back before");
  return block;
}

bool ReadBlocks(Napi::Env env, SharedPool* shared, Napi::Value value, const char* name, uint64_t bytes,
                HeldBlocks* out) {
  ArgumentReader reader(env);
  if (value.IsEmpty() || !value.IsArray()) {
    reader.Fail(name, "must be an array of handles");
    return false;
  }
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  for (uint32_t index = 0; index < length; ++index) {
    const Napi::Value item = array.Get(index);
    if (env.IsExceptionPending()) return false;
    auto block = BlockOf(env, shared, item, name);
    if (block == nullptr) return false;
    if (block->bytes < bytes) {
      reader.Fail(name, "holds a block that is smaller than the layout says");
      return false;
    }
    out->push_back(std::move(block));
  }
  return true;
}

bool ReadNumbers(Napi::Env env, Napi::Value value, const char* name, std::vector<int32_t>* out) {
  if (value.IsEmpty() || !value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    ArgumentReader(env).Fail(name, "must be an Int32Array");
    return false;
  }
  const Napi::Int32Array array = value.As<Napi::Int32Array>();
  const int32_t* const from = array.Data();
  const size_t length = from == nullptr ? 0 : array.ElementLength();
  out->assign(from, from + length);
  return true;
}

bool ReadOptions(Napi::Env env, Napi::Value value, Job* job, bool* want_output) {
  ArgumentReader reader(env);
  if (!value.IsObject()) {
    reader.Fail("options", "must be an object");
    return false;
  }
  const Napi::Object from = value.As<Napi::Object>();
  const auto count = [&](const char* name) { return reader.Count(reader.Field(from, name), name, 1); };
  DecodeProblem& p = job->problem;
  p.layers = count("layers");
  p.heads = count("heads");
  p.kv_heads = count("kvHeads");
  p.head_dim = count("headDim");
  p.paged = reader.Boolean(reader.Field(from, "paged"), "paged");
  p.page_tokens = count("pageTokens");
  p.pages_in_slab = count("pagesInSlab");
  p.scale = static_cast<float>(reader.Number(reader.Field(from, "scale"), "scale"));
  p.dtype = static_cast<DType>(reader.OneOf(reader.Field(from, "dtype"), "dtype", kTypes));
  p.cache = static_cast<CacheType>(reader.OneOf(reader.Field(from, "cache"), "cache", kCacheTypes));
  job->options.reference = reader.Boolean(reader.Field(from, "reference"), "reference");
  job->options.threads = CallThreads(count("threads"));
  job->instruction_set = reader.Text(reader.Field(from, "instructionSet"), "instructionSet");
  job->options.seed = static_cast<uint64_t>(reader.Count(reader.Field(from, "seed"), "seed", 0));
  *want_output = reader.Boolean(reader.Field(from, "output"), "output");
  return reader.ok();
}

// Lengths, table, blocks and queries: { lengths, table, slabs, scales, queries }.
bool ReadMemory(Napi::Env env, Napi::Value value, Job* job) {
  ArgumentReader reader(env);
  if (!value.IsObject()) {
    reader.Fail("memory", "must be an object");
    return false;
  }
  const Napi::Object from = value.As<Napi::Object>();
  DecodeProblem& p = job->problem;
  const Napi::Value lengths = reader.Field(from, "lengths");
  if (!reader.ok() || !ReadNumbers(env, lengths, "lengths", &p.lengths)) return false;
  const Napi::Value table = reader.Field(from, "table");
  if (!reader.ok() || (p.paged && !ReadNumbers(env, table, "table", &p.table))) return false;
  p.table_width = p.lengths.empty() ? 0 : static_cast<int64_t>(p.table.size() / p.lengths.size());
  const Napi::Value slabs = reader.Field(from, "slabs");
  if (!reader.ok()) return false;
  if (!slabs.IsArray()) {
    reader.Fail("slabs", "must be an array of handles");
    return false;
  }
  // Checked before the blocks are: their size follows from a shape that fits.
  const std::string problem = Validate(p, slabs.As<Napi::Array>().Length());
  if (!problem.empty()) {
    reader.Fail("decode:", problem.c_str());
    return false;
  }
  SharedPool* const shared = job->shared.get();
  if (!ReadBlocks(env, shared, slabs, "slabs", static_cast<uint64_t>(p.SlabBytes()), &job->slabs))
    return false;
  const Napi::Value scales = reader.Field(from, "scales");
  if (!reader.ok() ||
      !ReadBlocks(env, shared, scales, "scales", static_cast<uint64_t>(p.ScaleBytes()), &job->scales)) {
    return false;
  }
  // A getter, or an array with one, may have changed a length in between.
  if ((!job->scales.empty() && job->scales.size() != p.lengths.size()) ||
      !Validate(p, static_cast<int64_t>(job->slabs.size())).empty()) {
    reader.Fail("scales", "must be one for each sequence, or none");
    return false;
  }
  const Napi::Value queries = reader.Field(from, "queries");
  return reader.ok() && CopyNumbers(env, queries, "queries", p.dtype, p.QueryElements(), &job->queries);
}

void Run(Job* job) {
  DecodeMemory memory;
  for (const auto& block : job->slabs) memory.slabs.push_back(block->data);
  for (const auto& block : job->scales) memory.scales.push_back(static_cast<const float*>(block->data));
  job->options.instruction_set = job->instruction_set.empty() ? nullptr : job->instruction_set.c_str();
  job->options.queries = job->queries.get();
  SharedPool& shared = *job->shared;
  job->report = shared.cuda != nullptr ? RunCudaDecode(job->problem, memory, job->options,
                                                       shared.kernels_file, shared.cuda, job->out.data.get())
                                       : RunHostDecode(job->problem, memory, job->options, shared.pool.get(),
                                                       job->out.data.get());
  job->slabs.clear();
  job->scales.clear();
}

Napi::Value ToJs(Napi::Env env, Job* job) {
  const DecodeReport& report = job->report;
  if (report.error.kind != PoolError::kNone) {
    return FailureToJs(env, report.error, job->shared->pool->cap());
  }
  Napi::Object result = CallResult(env, {report.duration_ms, report.at_most, report.code}, &job->out);
  result.Set("readBytes", Napi::Number::New(env, static_cast<double>(job->problem.ReadBytes())));
  result.Set("parts", Napi::Number::New(env, report.parts));
  return result;
}

// A block with work on it.
struct BlockJob {
  std::shared_ptr<SharedPool> shared;
  std::shared_ptr<HeldBlock> block;
  std::function<void(BlockJob*)> work;
  HostMemory bytes;
  PoolError error;
  double duration_ms = 0;
};

// The block of the first two arguments; null with an exception.
std::shared_ptr<BlockJob> BlockArgument(const Napi::CallbackInfo& info) {
  auto job = std::shared_ptr<BlockJob>(new BlockJob());
  job->shared = PoolArgument(info.Env(), info[0]);
  if (job->shared == nullptr) return nullptr;
  job->block = BlockOf(info.Env(), job->shared.get(), info[1], "handle");
  return job->block == nullptr ? nullptr : job;
}

void RunOnBlock(BlockJob* job) {
  job->work(job);
  job->block.reset();
}

// Milliseconds, or the failure.
Napi::Value BlockToJs(Napi::Env env, BlockJob* job) {
  if (job->error.kind != PoolError::kNone) return FailureToJs(env, job->error, job->shared->pool->cap());
  return Napi::Number::New(env, job->duration_ms);
}

Napi::Value StartOnBlock(Napi::Env env, std::shared_ptr<BlockJob> job, std::function<void(BlockJob*)> work) {
  job->work = std::move(work);
  return StartCall(env, std::move(job), RunOnBlock, BlockToJs);
}

void FillOnHost(CacheType type, uint64_t seed, int threads, HeldBlock* block) {
  const int64_t bytes = static_cast<int64_t>(block->bytes) / BytesOf(type) * BytesOf(type);
  const int64_t drawn = bytes < kDrawnBytes ? bytes : kDrawnBytes;
  char* const to = static_cast<char*>(block->data);
  if (type == CacheType::kFp8) {
    const uint64_t stream = attention::StreamSeed(seed, 0);
    ParallelFor(threads, (drawn + kPiece - 1) / kPiece, [&](int64_t piece, int) {
      const int64_t end = (piece + 1) * kPiece < drawn ? (piece + 1) * kPiece : drawn;
      for (int64_t i = piece * kPiece; i < end; ++i) {
        to[i] = static_cast<char>(
            attention::FloatToE4m3(attention::RoughlyNormal(stream, static_cast<uint64_t>(i))));
      }
    });
  } else {
    FillNormal(type == CacheType::kFp16 ? DType::kFp16 : DType::kBf16, seed, 0, drawn / 2, threads, to);
  }
  for (int64_t at = drawn; at < bytes; at += drawn) {
    memcpy(to + at, to, static_cast<size_t>(bytes - at < drawn ? bytes - at : drawn));
  }
}

}  // namespace

Napi::Value Decode(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = std::shared_ptr<Job>(new Job);
  job->shared = PoolArgument(env, info[0]);
  bool want_output = false;
  if (job->shared == nullptr || !ReadOptions(env, info[1], job.get(), &want_output) ||
      !ReadMemory(env, info[2], job.get())) {
    return env.Undefined();
  }
  if (want_output && !job->out.Take(env, static_cast<size_t>(job->problem.QueryElements()) * 2)) {
    return env.Undefined();
  }
  return StartCall(env, job, Run, ToJs);
}

Napi::Value FillBlock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = BlockArgument(info);
  if (job == nullptr) return env.Undefined();
  ArgumentReader reader(env);
  const int type = reader.OneOf(info[2], "type", kCacheTypes);
  const auto seed = static_cast<uint64_t>(reader.Count(info[3], "seed", 0));
  const int threads = CallThreads(reader.Count(info[4], "threads", 1));
  if (!reader.ok()) return env.Undefined();
  return StartOnBlock(env, job, [type, seed, threads](BlockJob* on) {
    const auto cache = static_cast<CacheType>(type);
    SharedPool& shared = *on->shared;
    if (shared.cuda == nullptr) return FillOnHost(cache, seed, threads, on->block.get());
    FillCudaBlock(kCacheTypes[type], seed, static_cast<int64_t>(on->block->bytes) / BytesOf(cache),
                  shared.kernels_file, shared.cuda, on->block->data, &on->error);
  });
}

Napi::Value WriteBlock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = BlockArgument(info);
  if (job == nullptr) return env.Undefined();
  ArgumentReader reader(env);
  const int64_t offset = reader.Count(info[2], "offset", 0);
  if (!reader.ok()) return env.Undefined();
  if (!info[3].IsTypedArray() || info[3].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    reader.Fail("bytes", "must be a Uint8Array");
    return env.Undefined();
  }
  const Napi::Uint8Array array = info[3].As<Napi::Uint8Array>();
  const uint8_t* const from = array.Data();
  const size_t length = from == nullptr ? 0 : array.ByteLength();
  if (static_cast<uint64_t>(offset) > job->block->bytes ||
      length > job->block->bytes - static_cast<uint64_t>(offset)) {
    reader.Fail("bytes", "must end within the block");
    return env.Undefined();
  }
  job->bytes.reset(malloc(length == 0 ? 1 : length));
  if (job->bytes == nullptr) {
    Napi::Error::New(env, "bytes could not be copied: no memory left").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  if (length > 0) memcpy(job->bytes.get(), from, length);
  return StartOnBlock(env, job, [offset, length](BlockJob* on) {
    char* const to = static_cast<char*>(on->block->data) + offset;
    if (length == 0) return;
    if (on->shared->cuda == nullptr) {
      memcpy(to, on->bytes.get(), length);
      return;
    }
    WriteCudaBlock(on->bytes.get(), static_cast<int64_t>(length), on->shared->cuda, to, &on->error);
  });
}

Napi::Value ReadBlock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = BlockArgument(info);
  if (job == nullptr) return env.Undefined();
  ArgumentReader reader(env);
  const int threads = CallThreads(reader.Count(info[2], "threads", 1));
  const std::string set = reader.Text(info[3], "instructionSet");
  if (!reader.ok()) return env.Undefined();
  return StartOnBlock(env, job, [threads, set](BlockJob* on) {
    const auto bytes = static_cast<int64_t>(on->block->bytes);
    SharedPool& shared = *on->shared;
    if (shared.cuda != nullptr) {
      ReadCudaBlock(on->block->data, bytes, shared.kernels_file, shared.cuda, &on->duration_ms, &on->error);
      return;
    }
    const CpuKernels* const kernels = ChooseCpuKernels(set.empty() ? nullptr : set.c_str());
    if (kernels == nullptr) {
      on->error = {PoolError::kDevice, "this processor lacks the instruction set", 0, 0, 0};
      return;
    }
    std::atomic<uint64_t> sum{0};
    const auto start = std::chrono::steady_clock::now();
    ParallelFor(threads, (bytes + kPiece - 1) / kPiece, [&](int64_t piece, int) {
      const int64_t first = piece * kPiece;
      sum += kernels->sum_of_memory(static_cast<const char*>(on->block->data) + first,
                                    bytes - first < kPiece ? bytes - first : kPiece);
    });
    on->duration_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    // So that the reads cannot be left out.
    static std::atomic<uint64_t> kept;
    kept = sum.load();
  });
}

}  // namespace bytesper
