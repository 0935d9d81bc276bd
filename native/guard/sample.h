#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "process_tree.h"

namespace bytesper::guard {

struct Amount {
  bool known = false;
  uint64_t bytes = 0;
};

struct Sample {
  size_t processes = 0;
  uint64_t rss_bytes = 0;
  // Known where any process has memory.
  Amount largest_hwm;
  // Known where it could be read of every process.
  Amount pss;
  Amount main_pss;
  Amount main_hwm;
};

// Reads the tree anew. Pages that processes share are counted once for each in RSS, once in all in PSS.
Sample TakeSample(ProcessTree* tree, pid_t main, bool with_pss);

struct RssSum {
  uint64_t bytes = 0;
  uint64_t largest_bytes = 0;
};

// RSS over the tree, read anew: the sum, and that of the largest process.
RssSum SumRss(ProcessTree* tree);

// An upper bound of the PSS of the tree that was looked up last: of a process that the kernel does not let us
// see, RSS stands in. `exact` says whether there was none.
uint64_t SumPss(const ProcessTree& tree, bool* exact);

// How many processes of the tree, read anew, have not ended.
size_t CountAlive(ProcessTree* tree);

}  // namespace bytesper::guard
