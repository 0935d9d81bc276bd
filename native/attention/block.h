#pragma once

#include <cstdint>
#include <utility>

#include "../pool/memory_pool.h"

namespace bytesper {

// A block of a pool that goes back at the end of its scope.
class Block {
 public:
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { Reset(); }

  bool Take(MemoryPool* pool, int64_t bytes, PoolError* error) {
    Reset();
    pool_ = pool;
    data_ = pool->Allocate(static_cast<uint64_t>(bytes), error);
    return data_ != nullptr;
  }
  void Reset() {
    if (data_ != nullptr) pool_->Free(data_);
    data_ = nullptr;
  }
  void Swap(Block* other) {
    std::swap(pool_, other->pool_);
    std::swap(data_, other->data_);
  }
  void* data() const { return data_; }

 private:
  MemoryPool* pool_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace bytesper
