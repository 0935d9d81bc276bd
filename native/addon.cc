#include <napi.h>

#include "attention/attention_call.h"
#include "attention/decode_call.h"
#include "cuda_driver.h"
#include "file_lock.h"
#include "malloc_counters.h"
#include "nvml.h"
#include "pool/pool_object.h"
#include "process_memory.h"

// The export table. It has one line for each entry of src/system/native/contract.ts.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("processStatus", Napi::Function::New(env, bytesper::ProcessStatus));
  exports.Set("resetVmHwm", Napi::Function::New(env, bytesper::ResetVmHwm));
  exports.Set("smapsRollup", Napi::Function::New(env, bytesper::SmapsRollup));
  exports.Set("pageFaults", Napi::Function::New(env, bytesper::PageFaults));
  exports.Set("lockFile", Napi::Function::New(env, bytesper::LockFile));
  exports.Set("mallocInfo", Napi::Function::New(env, bytesper::MallocInfo));
  exports.Set("mallocSelfTest", Napi::Function::New(env, bytesper::MallocSelfTest));
  exports.Set("mallocTrim", Napi::Function::New(env, bytesper::MallocTrim));
  exports.Set("nvmlDevices", Napi::Function::New(env, bytesper::NvmlDevices));
  exports.Set("cudaDevices", Napi::Function::New(env, bytesper::CudaDevices));
  exports.Set("createPool", bytesper::PoolObject::Factory(env));
  exports.Set("attention", Napi::Function::New(env, bytesper::Attention));
  exports.Set("cudaKernels", Napi::Function::New(env, bytesper::CudaKernels));
  exports.Set("decode", Napi::Function::New(env, bytesper::Decode));
  exports.Set("fillBlock", Napi::Function::New(env, bytesper::FillBlock));
  exports.Set("writeBlock", Napi::Function::New(env, bytesper::WriteBlock));
  exports.Set("readBlock", Napi::Function::New(env, bytesper::ReadBlock));
  exports.Set("cpuInstructionSets", Napi::Function::New(env, bytesper::CpuInstructionSets));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
