#include "attention_call.h"

#include <memory>

#include "../arguments.h"
#include "../reading.h"
#include "attention.h"
#include "call.h"
#include "cpu_kernels.h"
#include "cuda_attention.h"
#include "cuda_choice.h"
#include "kernels/decode_launch.h"

namespace bytesper {
namespace {

const char* const kKernels[] = {"naive", "eager", "flash", "reference", nullptr};
const char* const kTypes[] = {"fp32", "fp16", "bf16", nullptr};

// What one call takes to the other thread and brings back.
struct Job {
  std::shared_ptr<SharedPool> shared;
  AttentionProblem problem;
  AttentionOptions options;
  std::string instruction_set;
  // Copies of the caller's arrays: while the work is under way, JavaScript may detach or change its own.
  HostMemory queries, keys, values;
  uint64_t seed = 0;
  CallOutput out;
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
  job->options.threads = CallThreads(count("threads"));
  job->instruction_set = reader.Text(reader.Field(from, "instructionSet"), "instructionSet");
  job->seed = static_cast<uint64_t>(reader.Count(reader.Field(from, "seed"), "seed", 0));
  job->options.allocate_only = reader.Boolean(reader.Field(from, "allocateOnly"), "allocateOnly");
  *want_output = reader.Boolean(reader.Field(from, "output"), "output");
  if (!reader.ok()) return false;
  const std::string problem = Validate(p);
  if (!problem.empty()) reader.Fail("attention:", problem.c_str());
  return reader.ok();
}

void Run(Job* job) {
  const AttentionInputs inputs = {job->queries.get(), job->keys.get(), job->values.get(), job->seed};
  job->options.instruction_set = job->instruction_set.empty() ? nullptr : job->instruction_set.c_str();
  SharedPool& shared = *job->shared;
  if (shared.cuda != nullptr) {
    job->report = RunCudaAttention(job->problem, inputs, job->options, shared.kernels_file, shared.cuda,
                                   job->out.data.get());
    return;
  }
  job->report = RunHostAttention(job->problem, inputs, job->options, shared.pool.get(), job->out.data.get());
}

Napi::Value ToJs(Napi::Env env, Job* job) {
  const AttentionReport& report = job->report;
  if (report.error.kind != PoolError::kNone) {
    return FailureToJs(env, report.error, job->shared->pool->cap());
  }
  Napi::Object result = CallResult(env, {report.duration_ms, report.at_most, report.code}, &job->out);
  result.Set("inputOutputBytes", Napi::Number::New(env, static_cast<double>(report.input_output_bytes)));
  return result;
}

}  // namespace

Napi::Value Attention(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = std::shared_ptr<Job>(new Job);
  job->shared = PoolArgument(env, info[0]);
  if (job->shared == nullptr) return env.Undefined();
  bool want_output = false;
  if (!ReadOptions(env, info[1], job.get(), &want_output)) return env.Undefined();
  const AttentionProblem& p = job->problem;
  if (!CopyNumbers(env, info[2], "queries", p.dtype, p.QueryElements(), &job->queries) ||
      !CopyNumbers(env, info[3], "keys", p.dtype, p.KeyElements(), &job->keys) ||
      !CopyNumbers(env, info[4], "values", p.dtype, p.KeyElements(), &job->values)) {
    return env.Undefined();
  }
  if (want_output && !job->out.Take(env, static_cast<size_t>(p.QueryElements()) * BytesOf(p.dtype))) {
    return env.Undefined();
  }
  return StartCall(env, job, Run, ToJs);
}

Napi::Value CudaKernels(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::shared_ptr<SharedPool> shared = PoolArgument(env, info[0]);
  if (shared == nullptr) return env.Undefined();
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
