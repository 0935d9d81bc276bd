// What the programs of the check share: lines of JSON, the device and its pool, memory, numbers and their
// comparison.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "attention/half.h"
#include "cuda/device.h"
#include "pool/cuda_pool.h"

namespace check {

using namespace bytesper;
using cuda::Address;

inline int failures = 0;

// One result as a line of JSON. What is wrong has `ok` false and counts.
class Line {
 public:
  explicit Line(const char* step) { Text("step", step); }
  Line& Text(const char* name, const std::string& value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return Add(name, quoted + '"');
  }
  Line& Number(const char* name, double value) {
    char text[40];
    std::snprintf(text, sizeof(text), "%.9g", value);
    return Add(name, std::isfinite(value) ? text : "null");
  }
  Line& Count(const char* name, unsigned long long value) { return Add(name, std::to_string(value)); }
  Line& Flag(const char* name, bool value) { return Add(name, value ? "true" : "false"); }
  void Say(bool ok) {
    if (!ok) ++failures;
    Flag("ok", ok);
    std::printf("{%s}\n", text_.c_str());
    std::fflush(stdout);
  }
  void Say() {
    std::printf("{%s}\n", text_.c_str());
    std::fflush(stdout);
  }

 private:
  Line& Add(const char* name, const std::string& value) {
    text_ += (text_.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value;
    return *this;
  }
  std::string text_;
};
inline std::string fatbin, only;  // only: part of the names of kernels to check
inline std::shared_ptr<cuda::Device> device;
inline std::unique_ptr<CudaPool> pool;

[[noreturn]] inline void Die(const std::string& why) {
  Line("stopped").Text("reason", why).Say(false);
  std::_Exit(2);  // nothing can be given back on a context that may be dead
}
inline void Must(const char* what, int result) {
  if (result != 0) Die(cuda::Describe(device->api(), what, result));
}
inline const cuda::Api& Api() { return device->api(); }

struct Buffer {
  Address at = 0;
  size_t bytes = 0;
  explicit Buffer(size_t size) : bytes(size) {
    PoolError error;
    at = reinterpret_cast<Address>(pool->Allocate(size, &error));
    if (at == 0) Die("allocation: " + error.reason);
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() { pool->Free(reinterpret_cast<void*>(at)); }
  void Put(const void* from) {
    Must("HtoD", Api().to_device(at, from, bytes, pool->stream()));
    Must("sync", Api().stream_wait(pool->stream()));
  }
  void Get(void* to) const {
    Must("DtoH", Api().to_host(to, at, bytes, pool->stream()));
    Must("sync", Api().stream_wait(pool->stream()));
  }
};

inline float Widen(const std::string& type, const void* data, size_t i) {
  if (type == "fp32") return static_cast<const float*>(data)[i];
  const uint16_t bits = static_cast<const uint16_t*>(data)[i];
  return type == "fp16" ? Fp16ToFloat(bits) : Bf16ToFloat(bits);
}

inline double Median(std::vector<float> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

// Of the norm, as in src/device/self-check.ts.
struct Error {
  double difference = 0, size = 0;
  void Add(double value, double truth) {
    difference += (value - truth) * (value - truth);
    size += truth * truth;
  }
  void Add(const Error& other) { difference += other.difference, size += other.size; }
  double Relative() const { return std::sqrt(difference / size); }
};
inline double LimitOf(const std::string& type) {
  return type == "fp32" ? 1e-5 : type == "fp16" ? 3e-3 : 1e-2;
}

// decode.cc
void CheckDecode(bool small);
void TimeDecode(int runs);

}  // namespace check
