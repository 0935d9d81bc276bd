#pragma once

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "memory_pool.h"

namespace bytesper {

// A pool of host memory that behaves as a device's does: segments are mapped and really touched, so that what
// is reserved is resident. Requests under 1 MiB share segments of 2 MiB; larger ones get a segment of their
// own, rounded to 64 KiB. The best-fitting free piece is taken first, split, and joined again with its free
// neighbours.
class HostPool : public MemoryPool {
 public:
  // `threads` touch large segments together.
  HostPool(uint64_t cap, int threads) : MemoryPool(cap), threads_(threads) {}
  ~HostPool() override;

  void* Allocate(uint64_t bytes, PoolError* error) override;
  void Free(void* block) override;
  bool Stats(PoolStats* stats, std::string* error) override;
  bool ResetHighWater(std::string* error) override;
  bool Trim(uint64_t keep, std::string* error) override;
  bool SetReleaseThreshold(uint64_t bytes, std::string* error) override;

 private:
  // A part of a segment, whole or in use. The pieces of a segment lie side by side without gaps.
  struct Piece {
    uint64_t size;
    // Bytes that were asked for; 0 for a free piece.
    uint64_t requested;
    char* segment;
  };
  using Pieces = std::map<char*, Piece>;

  // All with the mutex held.
  char* TakeFree(uint64_t size, uint64_t requested);
  bool AddSegment(uint64_t size, PoolError* error);
  void ReleaseUnused(uint64_t keep);
  // Returns a segment without used pieces to the system; answers the piece after it.
  Pieces::iterator Release(Pieces::iterator piece);
  bool IsWholeSegment(const Pieces::const_iterator& piece) const;

  std::mutex mutex_;
  const int threads_;
  Pieces pieces_;
  std::set<std::pair<uint64_t, char*>> free_;
  // Sizes of the segments by their address.
  std::map<char*, uint64_t> segments_;
  PoolStats stats_;
  uint64_t release_threshold_ = 0;
};

}  // namespace bytesper
