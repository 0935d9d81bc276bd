#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api.h"

namespace bytesper::cuda {

// One device with its primary context, which is retained while the object lives, and the kernels once they
// are loaded. All pools of a process on one device share it, so that its kernels are loaded and looked up
// once. Every call makes the context current on the calling thread first.
class Device {
 public:
  // Null with `why` where the driver, the device or its memory pools are not there.
  static std::shared_ptr<Device> Open(int index, std::string* why);

  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  const Api& api() const { return api_; }
  int index() const { return index_; }
  // Compute capability as major * 10 + minor.
  int arch() const { return arch_; }
  int most_shared_bytes() const { return most_shared_bytes_; }
  // Multiprocessors.
  int processors() const { return processors_; }

  // Whether the context is current on this thread now.
  bool Use(std::string* why) const;
  // Bytes of the device that are in use by all processes, as the driver counts.
  bool UsedBytes(uint64_t* bytes, std::string* why) const;
  // A kernel of the fat binary `file`, which is loaded at the first call, ready for a launch with so much
  // dynamic shared memory.
  bool Kernel(const std::string& file, const std::string& name, int shared_bytes, Function* function,
              std::string* why);

 private:
  Device(const Api& api, int index) : api_(api), index_(index) {}
  bool Start(std::string* why);
  bool Load(const std::string& file, Module* module, std::string* why);

  const Api& api_;
  const int index_;
  Ordinal ordinal_ = 0;
  Context context_ = nullptr;
  int arch_ = 0;
  int most_shared_bytes_ = 0;
  int processors_ = 0;
  std::mutex mutex_;
  std::map<std::string, Module> modules_;  // by file
  std::map<std::pair<Module, std::string>, Function> functions_;
};

}  // namespace bytesper::cuda
