#include "attention_call.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "../arguments.h"
#include "../pool/pool_object.h"
#include "../promise_work.h"
#include "../reading.h"
#include "attention.h"
#include "cpu_kernels.h"
#include "cuda_attention.h"
#include "cuda_choice.h"
#include "kernels/decode_launch.h"

namespace bytesper {
namespace {

const char* const kKernels[] = {"naive", "eager", "flash", "reference", nullptr};
const char* const kTypes[] = {"fp32", "fp16", "bf16", nullptr};

struct FreeDeleter {
  void operator()(void* memory) const { free(memory); }
};
using Memory = std::unique_ptr<void, FreeDeleter>;

// What one call takes to the other thread and brings back.
struct Job {
  std::shared_ptr<SharedPool> shared;
  AttentionProblem problem;
  AttentionOptions options;
  std::string instruction_set;
  // Copies of the caller's arrays: while the work is under way, JavaScript may detach or change its own.
  Memory queries, keys, values;
  uint64_t seed = 0;
  Memory out;
  size_t out_bytes = 0;
  AttentionReport report;
};

bool ReadOptions(Napi::Env env, Napi::Value value, Job* job, bool* want_output) {
  ArgumentReader reader(env);
  if (!value.IsObject()) {
    reader.Fail("options", "must be an object");
    return false;
  }
  const Napi::Object from = value.As<Napi::Object>();
  const auto count = [&](const char* name) { return reader.Count(reader.Field(from, name), name, 1); };
  AttentionProblem& p = job->problem;
  p.batch = count("batch");
  p.heads = count("heads");
  p.kv_heads = count("kvHeads");
  p.tokens = count("tokens");
  p.head_dim = count("headDim");
  p.causal = reader.Boolean(reader.Field(from, "causal"), "causal");
  p.scale = static_cast<float>(reader.Number(reader.Field(from, "scale"), "scale"));
  p.dtype = static_cast<DType>(reader.OneOf(reader.Field(from, "dtype"), "dtype", kTypes));
  p.score_dtype = static_cast<DType>(reader.OneOf(reader.Field(from, "scoreDtype"), "scoreDtype", kTypes));
  job->options.kernel = static_cast<Kernel>(reader.OneOf(reader.Field(from, "kernel"), "kernel", kKernels));
  const int64_t threads = count("threads");
  job->options.threads = static_cast<int>(threads < 256 ? threads : 256);
  job->instruction_set = reader.Text(reader.Field(from, "instructionSet"), "instructionSet");
  job->seed = static_cast<uint64_t>(reader.Count(reader.Field(from, "seed"), "seed", 0));
  job->options.allocate_only = reader.Boolean(reader.Field(from, "allocateOnly"), "allocateOnly");
  *want_output = reader.Boolean(reader.Field(from, "output"), "output");
  if (!reader.ok()) return false;
  const std::string problem = Validate(p);
  if (!problem.empty()) reader.Fail("attention:", problem.c_str());
  return reader.ok();
}

// Copies a typed array of `count` numbers of the problem's type; null or undefined stands for the seed.
bool CopyInput(Napi::Env env, Napi::Value value, const char* name, DType type, int64_t count, Memory* out) {
  if (value.IsNull() || value.IsUndefined()) return true;
  ArgumentReader reader(env);
  const napi_typedarray_type wanted = type == DType::kFp32 ? napi_float32_array : napi_uint16_array;
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != wanted) {
    reader.Fail(name, type == DType::kFp32 ? "must be a Float32Array" : "must be a Uint16Array");
    return false;
  }
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  const size_t bytes = static_cast<size_t>(count) * BytesOf(type);
  if (array.ByteLength() != bytes) {
    reader.Fail(name, "has another length than its shape says, or was detached");
    return false;
  }
  const void* from = nullptr;
  if (type == DType::kFp32) {
    from = value.As<Napi::Float32Array>().Data();
  } else {
    from = value.As<Napi::Uint16Array>().Data();
  }
  out->reset(malloc(bytes));
  if (*out == nullptr || from == nullptr) {
    Napi::Error::New(env, std::string(name) + " could not be copied: no memory left")
        .ThrowAsJavaScriptException();
    return false;
  }
  memcpy(out->get(), from, bytes);
  return true;
}

void Run(Job* job) {
  const AttentionInputs inputs = {job->queries.get(), job->keys.get(), job->values.get(), job->seed};
  job->options.instruction_set = job->instruction_set.empty() ? nullptr : job->instruction_set.c_str();
  SharedPool& shared = *job->shared;
  if (shared.cuda != nullptr) {
    job->report = RunCudaAttention(job->problem, inputs, job->options, shared.kernels_file, shared.cuda,
                                   job->out.get());
    return;
  }
  job->report = RunHostAttention(job->problem, inputs, job->options, shared.pool.get(), job->out.get());
}

Napi::Value ToJs(Napi::Env env, Job* job) {
  const AttentionReport& report = job->report;
  if (report.error.kind != PoolError::kNone) {
    return FailureToJs(env, report.error, job->shared->pool->cap());
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("durationMs", Napi::Number::New(env, report.duration_ms));
  result.Set("usedHighWaterBytes", Napi::Number::New(env, static_cast<double>(report.at_most.used_high)));
  result.Set("reservedHighWaterBytes",
             Napi::Number::New(env, static_cast<double>(report.at_most.reserved_high)));
  result.Set("inputOutputBytes", Napi::Number::New(env, static_cast<double>(report.input_output_bytes)));
  result.Set("code", Napi::String::New(env, report.code));
  if (job->out != nullptr) {
    void* const data = job->out.release();
    result.Set("output", Napi::ArrayBuffer::New(env, data, job->out_bytes,
                                                [](Napi::Env, void* memory) { free(memory); }));
  }
  return result;
}

}  // namespace

Napi::Value Attention(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = std::shared_ptr<Job>(new Job);
  job->shared = PoolObject::From(info[0]);
  if (job->shared == nullptr) {
    ArgumentReader(env).Fail("pool", "must be a MemoryPool");
    return env.Undefined();
  }
  bool want_output = false;
  if (!ReadOptions(env, info[1], job.get(), &want_output)) return env.Undefined();
  const AttentionProblem& p = job->problem;
  if (!CopyInput(env, info[2], "queries", p.dtype, p.QueryElements(), &job->queries) ||
      !CopyInput(env, info[3], "keys", p.dtype, p.KeyElements(), &job->keys) ||
      !CopyInput(env, info[4], "values", p.dtype, p.KeyElements(), &job->values)) {
    return env.Undefined();
  }
  if (want_output) {
    job->out_bytes = static_cast<size_t>(p.QueryElements()) * BytesOf(p.dtype);
    job->out.reset(malloc(job->out_bytes));
    if (job->out == nullptr) {
      Napi::Error::New(env, "the output does not fit into memory").ThrowAsJavaScriptException();
      return env.Undefined();
    }
  }
  using Shared = std::shared_ptr<Job>;
  return PromiseWork<Shared>::Start(
      env,
      [job] {
        Run(job.get());
        return job;
      },
      [](Napi::Env env, Shared& done) { return ToJs(env, done.get()); });
}

Napi::Value CudaKernels(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::shared_ptr<SharedPool> shared = PoolObject::From(info[0]);
  if (shared == nullptr) {
    ArgumentReader(env).Fail("pool", "must be a MemoryPool");
    return env.Undefined();
  }
  if (shared->cuda == nullptr) return AbsentToJs(env, "the pool is not on a CUDA device");
  CudaChoice choice;
  std::string why;
  if (!choice.Read("cuda", &why)) return AbsentToJs(env, why);
  cuda::Device& device = shared->cuda->device();
  cuda::Function any = nullptr;
  if (!device.Kernel(shared->kernels_file, "bytesper_fill_normal_fp32", 0, &any, &why)) {
    return AbsentToJs(env, why);
  }
  Napi::Array kernels = Napi::Array::New(env);
  for (const attention::FlashKernel* kernel : choice.OnDevice(device)) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", kernel->name);
    entry.Set("family", NameOf(FamilyOf(*kernel)));
    entry.Set("dtype", kernel->dtype);
    entry.Set("headDim", Napi::Number::New(env, kernel->headDim));
    entry.Set("causal", Napi::Boolean::New(env, kernel->causal));
    kernels.Set(kernels.Length(), entry);
  }
  Napi::Array decode = Napi::Array::New(env);
  for (const attention::DecodeKernel& kernel : attention::kDecodeKernels) {
    if (kernel.minArch > device.arch()) continue;
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", kernel.name);
    entry.Set("dtype", kernel.dtype);
    entry.Set("cache", kernel.cache);
    entry.Set("headDim", Napi::Number::New(env, kernel.headDim));
    decode.Set(decode.Length(), entry);
  }
  Napi::Object report = Napi::Object::New(env);
  report.Set("computeCapability",
             std::to_string(device.arch() / 10) + "." + std::to_string(device.arch() % 10));
  report.Set("processors", Napi::Number::New(env, device.processors()));
  report.Set("flashKernels", kernels);
  report.Set("decodeKernels", decode);
  return report;
}

Napi::Value CpuInstructionSets(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array out = Napi::Array::New(env);
  for (const char* name : {"avx512", "avx2", "portable"}) {
    if (ChooseCpuKernels(name) != nullptr) out.Set(out.Length(), Napi::String::New(env, name));
  }
  return out;
}

}  // namespace bytesper
