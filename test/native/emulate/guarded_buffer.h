#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace emulation {

// A stand-in for device memory. It ends at a page that may not be touched, so that an access past the end
// stops the program; a filled zone before it, and the few bytes that alignment leaves after it, are compared
// later.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t bytes) : bytes_(bytes) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t aligned = (bytes + 15) / 16 * 16;
    mapped_ = (aligned + kZone + page - 1) / page * page;
    void* const mapping =
        mmap(nullptr, mapped_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) std::abort();
    start_ = static_cast<unsigned char*>(mapping);
    mprotect(start_ + mapped_, page, PROT_NONE);
    data_ = start_ + mapped_ - aligned;
    std::memset(start_, kFill, mapped_);
    std::memset(data_, 0xff, bytes);  // NaN in every format: a result that was never written shows
  }
  ~GuardedBuffer() { munmap(start_, mapped_ + static_cast<size_t>(sysconf(_SC_PAGESIZE))); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  void ForbidWrites() { mprotect(start_, mapped_, PROT_READ); }
  void FillWithNan() { std::memset(data_, 0xff, bytes_); }

  bool ZonesUntouched() const {
    for (const unsigned char* at = start_; at < data_; ++at) {
      if (*at != kFill) return false;
    }
    for (const unsigned char* at = data_ + bytes_; at < start_ + mapped_; ++at) {
      if (*at != kFill) return false;
    }
    return true;
  }

  template <class Element>
  Element* As() const {
    return reinterpret_cast<Element*>(data_);
  }

 private:
  static constexpr size_t kZone = 1024;
  static constexpr unsigned char kFill = 0x5a;
  unsigned char* start_;
  unsigned char* data_;
  size_t mapped_;
  size_t bytes_;
};

}  // namespace emulation
