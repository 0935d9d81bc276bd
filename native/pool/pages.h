#pragma once

#include <cstdint>

namespace bytesper {

// Returns new zeroed pages, or null. `bytes` is a multiple of 4 KiB.
char* MapPages(uint64_t bytes);
void UnmapPages(char* pages, uint64_t bytes);

// Makes all pages resident. Returns false if the system did not give them. On systems other than Linux 5.14
// or later, the process may be killed instead.
bool TouchPages(char* pages, uint64_t bytes, int threads);

}  // namespace bytesper
