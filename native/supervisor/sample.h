#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "process_tree.h"

namespace bytesper::supervisor {

struct Amount {
  bool known = false;
  uint64_t bytes = 0;
};

struct Sample {
  size_t processes = 0;
  uint64_t rss_bytes = 0;
  // Known if at least one process has memory.
  Amount largest_hwm;
  // Known if it could be read for every process.
  Amount pss;
  Amount main_pss;
  Amount main_hwm;
};

// Reads the tree again. RSS counts a shared page once for each process, PSS only once in total.
Sample TakeSample(ProcessTree* tree, pid_t main, bool with_pss);

struct RssSum {
  uint64_t bytes = 0;
  uint64_t largest_bytes = 0;
};

// Reads the tree again. Gives the sum of RSS and the RSS of the largest process.
RssSum SumRss(ProcessTree* tree);

// An upper bound of the PSS of the tree from the last walk. If the kernel does not show the PSS of a process,
// its RSS is used. `exact` says that no RSS was used.
uint64_t SumPss(const ProcessTree& tree, bool* exact);

// Reads the tree again. Returns how many processes have not ended.
size_t CountAlive(ProcessTree* tree);

}  // namespace bytesper::supervisor
