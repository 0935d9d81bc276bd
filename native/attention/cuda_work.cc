#include "cuda_work.h"

#include "kernels/launch.h"
#include "kernels/params.h"
#include "kernels/rough_normal.h"

namespace bytesper {
namespace {

using cuda::Address;

Address ToAddress(const void* block) { return static_cast<Address>(reinterpret_cast<uintptr_t>(block)); }

}  // namespace

CudaWork::~CudaWork() {
  std::string unused;
  if (!device().Use(&unused)) return;
  if (start_ != nullptr) api_.event_destroy(start_);
  if (stop_ != nullptr) api_.event_destroy(stop_);
}

bool CudaWork::Start() {
  std::string why;
  return device().Use(&why) || Fail(why);
}

bool CudaWork::Fail(const std::string& reason, PoolError::Kind kind) {
  *error_ = {kind, reason, 0, 0, 0};
  return false;
}

bool CudaWork::Call(const char* name, cuda::Result result) {
  return result == cuda::kSuccess || Fail(cuda::Describe(api_, name, result));
}

bool CudaWork::Wait() { return Call("cuStreamSynchronize", api_.stream_wait(pool_->stream())); }

bool CudaWork::ToDevice(void* to, const void* from, int64_t bytes) {
  return Call("cuMemcpyHtoD",
              api_.to_device(ToAddress(to), from, static_cast<size_t>(bytes), pool_->stream()));
}

bool CudaWork::OnDevice(void* to, const void* from, int64_t bytes) {
  return Call("cuMemcpyDtoD",
              api_.on_device(ToAddress(to), ToAddress(from), static_cast<size_t>(bytes), pool_->stream()));
}

bool CudaWork::ToHost(void* to, const void* from, int64_t bytes) {
  return Call("cuMemcpyDtoH",
              api_.to_host(to, ToAddress(from), static_cast<size_t>(bytes), pool_->stream())) &&
         Wait();
}

bool CudaWork::Poison(void* block, int64_t bytes) {
  return Call("cuMemsetD8Async",
              api_.set_bytes(ToAddress(block), 0xff, static_cast<size_t>(bytes), pool_->stream()));
}

bool CudaWork::Find(const std::string& name, int shared_bytes, cuda::Function* function) {
  std::string why;
  return device().Kernel(kernels_file_, name, shared_bytes, function, &why) || Fail(why);
}

bool CudaWork::Launch(const char* name, cuda::Function function, long long blocks, int threads,
                      int shared_bytes, void* params) {
  const attention::Grid grid = attention::GridFor(blocks);
  void* arguments[] = {params};
  return Call(name, api_.launch(function, grid.x, grid.y, grid.z, static_cast<unsigned>(threads), 1, 1,
                                static_cast<unsigned>(shared_bytes), pool_->stream(), arguments, nullptr));
}

bool CudaWork::FillNormal(const std::string& type, uint64_t seed, uint64_t stream, int64_t count,
                          void* block) {
  cuda::Function function = nullptr;
  const std::string name = "bytesper_fill_normal_" + type;
  attention::ElementParams params = {nullptr, block, count, attention::StreamSeed(seed, stream)};
  return Find(name, 0, &function) &&
         Launch(name.c_str(), function, attention::ElementBlocks(count), attention::kElementThreads, 0,
                &params) &&
         Wait();
}

bool CudaWork::StartClock() {
  for (cuda::Event* const event : {&start_, &stop_}) {
    if (*event == nullptr && !Call("cuEventCreate", api_.event_create(event, 0))) return false;
  }
  return Call("cuEventRecord", api_.event_record(start_, pool_->stream()));
}

bool CudaWork::StopClock(double* duration_ms) {
  float elapsed = 0;
  if (!Call("cuEventRecord", api_.event_record(stop_, pool_->stream())) || !Wait() ||
      !Call("cuEventElapsedTime", api_.event_elapsed(&elapsed, start_, stop_))) {
    return false;
  }
  *duration_ms += static_cast<double>(elapsed);
  return true;
}

}  // namespace bytesper
