#include "fat_binary.h"

#include <cstdint>
#include <cstring>

namespace bytesper::cuda {
namespace {

// The layout is not documented by NVIDIA. Where an image looks different, nothing is read from it.
struct Header {
  uint32_t magic;
  uint16_t version;
  uint16_t header_bytes;
  uint64_t bytes;
};
struct Entry {
  uint16_t kind;
  uint16_t version;
  uint32_t header_bytes;
  uint64_t bytes;
  uint32_t compressed_bytes;
  uint32_t options;
  uint16_t minor;
  uint16_t major;
  uint32_t arch;
};
static_assert(sizeof(Header) == 16 && sizeof(Entry) == 32, "as nvcc writes them");
constexpr uint32_t kMagic = 0xBA55ED50;
constexpr uint16_t kPtx = 1;

// What `npm run kernels` takes, for images that do not say it.
constexpr int kUsualToolkit = 13000;
// nvcc 12.8 and later compress with zstd, which drivers before 550.54 (CUDA 12.4) cannot read.
constexpr int kZstdToolkit = 12080;
constexpr int kZstdDriver = 12040;

std::string Name(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

int ToolkitOf(const std::vector<char>& image) {
  Header header;
  if (image.size() < sizeof(header)) return 0;
  memcpy(&header, image.data(), sizeof(header));
  if (header.magic != kMagic || header.header_bytes < sizeof(header)) return 0;
  size_t at = header.header_bytes;
  while (at < image.size() && image.size() - at >= sizeof(Entry)) {
    Entry entry;
    memcpy(&entry, image.data() + at, sizeof(entry));
    if (entry.kind == kPtx) {
      // PTX 9.x came with CUDA 13.x; PTX 8.7 and 8.8 with CUDA 12.8 and 12.9.
      if (entry.major == 9) return 13000 + 10 * entry.minor;
      return entry.major == 8 && entry.minor >= 7 ? 12010 + 10 * entry.minor : 0;
    }
    if (entry.header_bytes < sizeof(entry) || entry.bytes > image.size()) return 0;
    at += entry.header_bytes + static_cast<size_t>(entry.bytes);
  }
  return 0;
}

std::string WhyTooOld(const std::vector<char>& image, int driver) {
  if (driver == 0) return {};
  const int said = ToolkitOf(image);
  const int toolkit = said == 0 ? kUsualToolkit : said;
  std::string needs;
  if (driver / 1000 < toolkit / 1000) {
    needs = toolkit / 1000 == 13 ? "13 (580 or later)" : std::to_string(toolkit / 1000);
  } else if (toolkit >= kZstdToolkit && driver < kZstdDriver) {
    needs = "12.4 (550.54 or later)";
  }
  if (needs.empty()) return {};
  return ": the kernels were built with CUDA " + Name(toolkit) + ", which needs a driver for CUDA " + needs +
         ", and this driver is for CUDA " + Name(driver) + "; install a newer driver";
}

}  // namespace bytesper::cuda
