#include "pages.h"

#include <atomic>

#include "../parallel.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace bytesper {
namespace {

constexpr uint64_t kPage = 4096;
// Bytes that one thread touches before it takes the next part.
constexpr uint64_t kChunk = uint64_t{32} << 20;

// A page becomes resident when it is written. Reading would map the kernel's shared page of zeros.
void WriteEachPage(char* pages, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += kPage) *static_cast<volatile char*>(pages + at) = 0;
}

bool TouchChunk(char* pages, uint64_t bytes) {
#if defined(__linux__)
  // MADV_POPULATE_WRITE (Linux 5.14) returns an error in cases where a write would end in a signal.
  constexpr int kPopulateWrite = 23;
  if (madvise(pages, bytes, kPopulateWrite) == 0) return true;
  if (errno != EINVAL) return false;
#endif
  WriteEachPage(pages, bytes);
  return true;
}

}  // namespace

#if defined(_WIN32)

char* MapPages(uint64_t bytes) {
  return static_cast<char*>(
      VirtualAlloc(nullptr, static_cast<SIZE_T>(bytes), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
}

void UnmapPages(char* pages, uint64_t) { VirtualFree(pages, 0, MEM_RELEASE); }

#else

char* MapPages(uint64_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
#if defined(__linux__)
  // Huge pages need fewer page faults. They only cover parts that are completely inside the mapping, so no
  // additional byte becomes resident.
  madvise(pages, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<char*>(pages);
}

void UnmapPages(char* pages, uint64_t bytes) { munmap(pages, bytes); }

#endif

bool TouchPages(char* pages, uint64_t bytes, int threads) {
  std::atomic<bool> given{true};
  const int64_t chunks = static_cast<int64_t>((bytes + kChunk - 1) / kChunk);
  ParallelFor(threads, chunks, [&](int64_t chunk, int) {
    const uint64_t from = static_cast<uint64_t>(chunk) * kChunk;
    const uint64_t size = from + kChunk < bytes ? kChunk : bytes - from;
    if (given.load() && !TouchChunk(pages + from, size)) given.store(false);
  });
  return given.load();
}

}  // namespace bytesper
