#pragma once

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "memory_pool.h"

namespace bytesper {

// A pool of host memory that behaves like the pool of a device. Segments are mapped and every page is
// written, so that reserved memory is resident. Requests under 1 MiB share segments of 2 MiB. A larger
// request gets its own segment, rounded up to 64 KiB. The smallest free piece that fits is taken and split. A
// freed piece is joined with free pieces beside it.
class HostPool : public MemoryPool {
 public:
  // `threads`: number of threads that write the pages of a large segment.
  HostPool(uint64_t cap, int threads) : MemoryPool(cap), threads_(threads) {}
  ~HostPool() override;

  void* Allocate(uint64_t bytes, PoolError* error) override;
  void Free(void* block) override;
  bool Stats(PoolStats* stats, std::string* error) override;
  bool ResetHighWater(std::string* error) override;
  bool Trim(uint64_t keep, std::string* error) override;
  bool SetReleaseThreshold(uint64_t bytes, std::string* error) override;

 private:
  // A part of a segment, free or in use. The pieces of a segment follow each other without gaps.
  struct Piece {
    uint64_t size;
    // Requested bytes; 0 for a free piece.
    uint64_t requested;
    char* segment;
  };
  using Pieces = std::map<char*, Piece>;

  // The caller holds the mutex.
  char* TakeFree(uint64_t size, uint64_t requested);
  bool AddSegment(uint64_t size, PoolError* error);
  void ReleaseUnused(uint64_t keep);
  // Returns a segment without used pieces to the system. The result is the piece after it.
  Pieces::iterator Release(Pieces::iterator piece);
  bool IsWholeSegment(const Pieces::const_iterator& piece) const;

  std::mutex mutex_;
  const int threads_;
  Pieces pieces_;
  std::set<std::pair<uint64_t, char*>> free_;
  // Size of each segment by its address.
  std::map<char*, uint64_t> segments_;
  PoolStats stats_;
  uint64_t release_threshold_ = 0;
};

}  // namespace bytesper
