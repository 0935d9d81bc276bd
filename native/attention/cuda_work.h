#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../pool/cuda_pool.h"
#include "block.h"

namespace bytesper {

// Work on the stream of a pool of a device. Each step answers whether it could be done; if not, the error
// says why.
class CudaWork {
 public:
  CudaWork(const std::string& kernels_file, CudaPool* pool, PoolError* error)
      : pool_(pool), api_(pool->device().api()), kernels_file_(kernels_file), error_(error) {}
  ~CudaWork();
  CudaWork(const CudaWork&) = delete;
  CudaWork& operator=(const CudaWork&) = delete;

  CudaPool* pool() const { return pool_; }
  cuda::Device& device() const { return pool_->device(); }
  PoolError* error() const { return error_; }

  // Makes the device current on this thread. First of all steps.
  bool Start();
  bool Fail(const std::string& reason, PoolError::Kind kind = PoolError::kDevice);
  bool Call(const char* name, cuda::Result result);
  // Errors of kernels show here.
  bool Wait();

  // The source is pageable, so the copy has left it when the call returns.
  bool ToDevice(void* to, const void* from, int64_t bytes);
  bool OnDevice(void* to, const void* from, int64_t bytes);
  // With a wait.
  bool ToHost(void* to, const void* from, int64_t bytes);
  // NaN in every type of number, so that what a kernel leaves unwritten shows.
  bool Poison(void* block, int64_t bytes);
  template <class Number>
  bool Upload(const std::vector<Number>& numbers, Block* block) {
    const int64_t bytes = static_cast<int64_t>(numbers.size() * sizeof(Number));
    return block->Take(pool_, bytes, error_) && ToDevice(block->data(), numbers.data(), bytes);
  }

  // Looks a kernel up; a launch between two events must not wait for that.
  bool Find(const std::string& name, int shared_bytes, cuda::Function* function);
  bool Launch(const char* name, cuda::Function function, long long blocks, int threads, int shared_bytes,
              void* params);
  // Normal numbers by bytesper_fill_normal_<type>, with a wait.
  bool FillNormal(const std::string& type, uint64_t seed, uint64_t stream, int64_t count, void* block);

  // Runs steps between two events and adds the time between them.
  template <class Body>
  bool Time(double* duration_ms, Body&& body) {
    return StartClock() && body() && StopClock(duration_ms);
  }

 private:
  bool StartClock();
  bool StopClock(double* duration_ms);

  CudaPool* const pool_;
  const cuda::Api& api_;
  const std::string& kernels_file_;
  PoolError* const error_;
  cuda::Event start_ = nullptr;
  cuda::Event stop_ = nullptr;
};

}  // namespace bytesper
