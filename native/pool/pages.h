#pragma once

#include <cstdint>

namespace bytesper {

// Fresh zeroed pages, or null. `bytes` is a multiple of 4 KiB.
char* MapPages(uint64_t bytes);
void UnmapPages(char* pages, uint64_t bytes);

// Makes all pages resident. Returns whether the system gave them; without, the process may since have been
// killed.
bool TouchPages(char* pages, uint64_t bytes, int threads);

}  // namespace bytesper
