#include "host_pool.h"

#include <uv.h>

#include <iterator>

#include "pages.h"

namespace bytesper {
namespace {

constexpr uint64_t kAlignment = 512;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kSmall = uint64_t{1} << 20;
constexpr uint64_t kSharedSegment = uint64_t{2} << 20;
// Larger than any memory, and small enough that rounding up cannot overflow.
constexpr uint64_t kMostBytes = uint64_t{1} << 60;

uint64_t RoundUp(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

}  // namespace

HostPool::~HostPool() {
  for (const auto& segment : segments_) UnmapPages(segment.first, segment.second);
}

void* HostPool::Allocate(uint64_t bytes, PoolError* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  *error = {PoolError::kOutOfMemory, "", bytes, stats_.used, stats_.reserved};
  if (bytes > kMostBytes) {
    error->reason = "no machine has so much memory";
    return nullptr;
  }
  const uint64_t size = RoundUp(bytes, kAlignment);
  char* block = TakeFree(size, bytes);
  if (block == nullptr) {
    const uint64_t exact = RoundUp(size, kPage);
    // The segment holds a whole number of blocks of this size, so that many equal blocks leave no unused
    // rest.
    uint64_t segment = size < kSmall ? RoundUp(kSharedSegment / size * size, kPage) : exact;
    if (stats_.reserved + segment > cap()) {
      ReleaseUnused(0);
      if (stats_.reserved + segment > cap()) segment = exact;
    }
    if (segment > cap() || stats_.reserved > cap() - segment) {
      error->reason = "it would go over the cap";
      return nullptr;
    }
    if (!AddSegment(segment, error)) return nullptr;
    block = TakeFree(size, bytes);
  }
  error->kind = PoolError::kNone;
  stats_.used += bytes;
  if (stats_.used > stats_.used_high) stats_.used_high = stats_.used;
  return block;
}

char* HostPool::TakeFree(uint64_t size, uint64_t requested) {
  const auto best = free_.lower_bound({size, nullptr});
  if (best == free_.end()) return nullptr;
  char* const at = best->second;
  free_.erase(best);
  Piece& piece = pieces_.at(at);
  if (piece.size > size) {
    pieces_[at + size] = {piece.size - size, 0, piece.segment};
    free_.insert({piece.size - size, at + size});
    piece.size = size;
  }
  piece.requested = requested;
  return at;
}

bool HostPool::AddSegment(uint64_t size, PoolError* error) {
  // The kernel grants more memory than it has, and would later kill a process that uses it.
  if (size >= kSmall && size > uv_get_available_memory()) {
    error->reason = "the system has no memory left";
    return false;
  }
  char* const pages = MapPages(size);
  if (pages == nullptr) {
    error->reason = "the system has no address space or memory left";
    return false;
  }
  if (!TouchPages(pages, size, threads_)) {
    UnmapPages(pages, size);
    error->reason = "the system has no memory left";
    return false;
  }
  segments_[pages] = size;
  pieces_[pages] = {size, 0, pages};
  free_.insert({size, pages});
  stats_.reserved += size;
  if (stats_.reserved > stats_.reserved_high) stats_.reserved_high = stats_.reserved;
  return true;
}

void HostPool::Free(void* block) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto piece = pieces_.find(static_cast<char*>(block));
  if (piece == pieces_.end() || piece->second.requested == 0) return;
  stats_.used -= piece->second.requested;
  piece->second.requested = 0;
  const auto next = std::next(piece);
  const auto joins = [&](const Pieces::iterator& other) {
    return other != pieces_.end() && other->second.requested == 0 &&
           other->second.segment == piece->second.segment;
  };
  if (joins(next)) {
    free_.erase({next->second.size, next->first});
    piece->second.size += next->second.size;
    pieces_.erase(next);
  }
  if (piece != pieces_.begin()) {
    const auto before = std::prev(piece);
    if (joins(before)) {
      free_.erase({before->second.size, before->first});
      before->second.size += piece->second.size;
      pieces_.erase(piece);
      piece = before;
    }
  }
  free_.insert({piece->second.size, piece->first});
  if (stats_.reserved > release_threshold_ && IsWholeSegment(piece)) Release(piece);
}

bool HostPool::IsWholeSegment(const Pieces::const_iterator& piece) const {
  return piece->second.requested == 0 && piece->second.size == segments_.at(piece->second.segment);
}

HostPool::Pieces::iterator HostPool::Release(Pieces::iterator piece) {
  const uint64_t size = piece->second.size;
  UnmapPages(piece->first, size);
  free_.erase({size, piece->first});
  segments_.erase(piece->first);
  stats_.reserved -= size;
  return pieces_.erase(piece);
}

void HostPool::ReleaseUnused(uint64_t keep) {
  for (auto piece = pieces_.begin(); piece != pieces_.end() && stats_.reserved > keep;) {
    piece = IsWholeSegment(piece) ? Release(piece) : std::next(piece);
  }
}

bool HostPool::Stats(PoolStats* stats, std::string*) {
  std::lock_guard<std::mutex> lock(mutex_);
  *stats = stats_;
  return true;
}

bool HostPool::ResetHighWater(std::string*) {
  std::lock_guard<std::mutex> lock(mutex_);
  stats_.used_high = stats_.used;
  stats_.reserved_high = stats_.reserved;
  return true;
}

bool HostPool::Trim(uint64_t keep, std::string*) {
  std::lock_guard<std::mutex> lock(mutex_);
  ReleaseUnused(keep);
  return true;
}

bool HostPool::SetReleaseThreshold(uint64_t bytes, std::string*) {
  std::lock_guard<std::mutex> lock(mutex_);
  release_threshold_ = bytes;
  if (stats_.reserved > bytes) ReleaseUnused(bytes);
  return true;
}

}  // namespace bytesper
