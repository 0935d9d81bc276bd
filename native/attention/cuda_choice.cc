#include "cuda_choice.h"

#include <cstdlib>
#include <cstring>
#include <sstream>

namespace bytesper {
namespace {

using attention::FlashKernel;

// The fastest first.
template <typename Visit>
void ForKernels(Visit visit) {
  for (const FlashKernel& kernel : attention::kFlashSm90Kernels) visit(kernel);
  for (const FlashKernel& kernel : attention::kFlashKernels) visit(kernel);
}

bool CanRun(const FlashKernel& kernel, const cuda::Device& device) {
  if (kernel.tile.sharedBytes > device.most_shared_bytes()) return false;
  if (FamilyOf(kernel) == KernelFamily::kSm90) {
    return device.arch() == kernel.minArch && device.api().encode_tensor_map != nullptr;
  }
  return kernel.minArch <= device.arch();
}

// The width of the kernels for a head dimension: the narrowest that takes it. A wider kernel would take it
// too, but proves itself at its own width only. 0 where none is wide enough.
int WidthFor(int64_t head_dim) {
  int width = 0;
  ForKernels([&](const FlashKernel& kernel) {
    if (kernel.headDim >= head_dim && (width == 0 || kernel.headDim < width)) width = kernel.headDim;
  });
  return width;
}

bool Fits(const FlashKernel& kernel, const std::string& dtype, int64_t head_dim, bool causal) {
  return dtype == kernel.dtype && kernel.causal == causal && kernel.headDim == WidthFor(head_dim);
}

std::string Capability(const cuda::Device& device) {
  return std::to_string(device.arch() / 10) + "." + std::to_string(device.arch() % 10);
}

}  // namespace

const char* NameOf(KernelFamily family) {
  return family == KernelFamily::kSm90 ? "sm90" : family == KernelFamily::kSm80 ? "sm80" : "portable";
}

KernelFamily FamilyOf(const FlashKernel& kernel) {
  return kernel.minArch >= 90   ? KernelFamily::kSm90
         : kernel.minArch >= 80 ? KernelFamily::kSm80
                                : KernelFamily::kPortable;
}

bool CudaChoice::Read(const char* instruction_set, std::string* wrong) {
  const char* const family = getenv("BYTESPER_FLASH");
  family_ = family == nullptr ? "" : family;
  if (!family_.empty() && family_ != "sm90" && family_ != "sm80" && family_ != "portable") {
    *wrong = "BYTESPER_FLASH must be sm90, sm80, portable or not set, not " + family_;
    return false;
  }
  const std::string text = instruction_set == nullptr ? "" : instruction_set;
  std::istringstream words(text);
  std::string word;
  words >> word;
  if (word.empty()) return true;
  if (word == "only" && words >> only_) return true;
  checked_ = word == "cuda";
  if (checked_ && words >> word && word == "without") {
    while (words >> word) without_.insert(word);
  }
  if (checked_) return true;
  *wrong = "\"" + text + "\" is no choice of CUDA kernels; give cuda, or cuda without and names";
  return false;
}

bool CudaChoice::IsAllowed(const FlashKernel& kernel, const cuda::Device& device) const {
  if (!CanRun(kernel, device)) return false;
  if (!only_.empty()) return only_ == kernel.name;
  const KernelFamily family = FamilyOf(kernel);
  if (!family_.empty() && family_ != NameOf(family)) return false;
  // Without a check, the kernels for one processor alone are taken by those who name them.
  if (!checked_ && family == KernelFamily::kSm90 && family_.empty()) return false;
  return !PassesOver(kernel.name);
}

const FlashKernel* CudaChoice::Flash(const cuda::Device& device, const std::string& dtype, int64_t head_dim,
                                     bool causal, std::string* why) const {
  const FlashKernel* best = nullptr;
  ForKernels([&](const FlashKernel& kernel) {
    if (best == nullptr && Fits(kernel, dtype, head_dim, causal) && IsAllowed(kernel, device)) best = &kernel;
  });
  if (best == nullptr) *why = WhyNone(device, dtype, head_dim, causal);
  return best;
}

std::vector<const FlashKernel*> CudaChoice::OnDevice(const cuda::Device& device) const {
  std::vector<const FlashKernel*> all;
  ForKernels([&](const FlashKernel& kernel) {
    if (IsAllowed(kernel, device)) all.push_back(&kernel);
  });
  return all;
}

std::string CudaChoice::WhyNone(const cuda::Device& device, const std::string& dtype, int64_t head_dim,
                                bool causal) const {
  const std::string kind = dtype + " with headDim " + std::to_string(head_dim);
  std::string passed_over;
  ForKernels([&](const FlashKernel& kernel) {
    if (Fits(kernel, dtype, head_dim, causal) && CanRun(kernel, device) && PassesOver(kernel.name))
      passed_over += std::string(passed_over.empty() ? "" : ", ") + kernel.name;
  });
  if (!passed_over.empty()) {
    return "no flash kernel for " + kind + " is left: passed over on this device are " + passed_over;
  }
  if (family_ == "sm90") {
    if (device.arch() != 90) {
      return "the sm90 flash kernels run on devices of compute capability 9.0 alone, and this one has " +
             Capability(device);
    }
    if (device.api().encode_tensor_map == nullptr) {
      return "the sm90 flash kernels need cuTensorMapEncodeTiled; install a driver for CUDA 12 or later";
    }
    return "there is no sm90 flash kernel for " + kind;
  }
  if (!family_.empty()) return "there is no flash kernel of the family " + family_ + " for " + kind;
  return "there is no flash kernel for " + kind + " on this device";
}

}  // namespace bytesper
