#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "../cuda/device.h"
#include "kernels/launch.h"

namespace bytesper {

enum class KernelFamily { kSm90, kSm80, kPortable };

const char* NameOf(KernelFamily family);
KernelFamily FamilyOf(const attention::FlashKernel& kernel);

// Which CUDA kernels one attention may take, from the instruction set that it is given:
//   ""                    those of sm_80 and the portable ones: nothing has been checked on this device
//   "cuda"                all, the fastest first: each has proved itself on this device
//   "cuda without A B"    the same, but for these
//   "only A"              this kernel alone, for checks
// The environment variable BYTESPER_FLASH = sm90, sm80 or portable leaves the flash kernels of one family.
class CudaChoice {
 public:
  bool Read(const char* instruction_set, std::string* wrong);

  // Whether a kernel, or a chain such as naive_fp16_fp32, may not be taken.
  bool PassesOver(const std::string& name) const { return without_.count(name) > 0; }

  // The flash kernel for a problem, or null with the reason.
  const attention::FlashKernel* Flash(const cuda::Device& device, const std::string& dtype, int64_t head_dim,
                                      bool causal, std::string* why) const;

  // All flash kernels that the device can run, the fastest of each kind first.
  std::vector<const attention::FlashKernel*> OnDevice(const cuda::Device& device) const;

 private:
  bool IsAllowed(const attention::FlashKernel& kernel, const cuda::Device& device) const;
  std::string WhyNone(const cuda::Device& device, const std::string& dtype, int64_t head_dim,
                      bool causal) const;

  bool checked_ = false;
  std::string only_;
  std::set<std::string> without_;
  std::string family_;
};

}  // namespace bytesper
