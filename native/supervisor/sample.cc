#include "sample.h"

#include <algorithm>

#include "proc_files.h"

namespace bytesper::supervisor {

namespace {

void ReadPssInto(pid_t pid, bool is_main, Sample* sample) {
  uint64_t bytes = 0;
  const MemoryRead read = ReadPss(pid, &bytes);
  if (read == MemoryRead::kRefused) sample->pss.known = false;
  if (read != MemoryRead::kDone) return;
  sample->pss.bytes += bytes;
  if (is_main) sample->main_pss = {true, bytes};
}

}  // namespace

Sample TakeSample(ProcessTree* tree, pid_t main, bool with_pss) {
  Sample sample;
  sample.pss.known = with_pss;
  tree->Walk(0);
  for (size_t index = 0; index < tree->size(); ++index) {
    const pid_t pid = (*tree)[index];
    ProcessStat stat;
    if (!ReadStat(pid, &stat) || !IsAlive(stat)) continue;
    const pid_t thread = ThreadWithMemory(pid);
    StatusMemory memory;
    if (!ReadStatus(thread, &memory)) continue;
    ++sample.processes;
    sample.rss_bytes += memory.rss_bytes;
    if (memory.hwm_bytes > sample.largest_hwm.bytes) sample.largest_hwm = {true, memory.hwm_bytes};
    if (!with_pss) continue;
    if (pid == main && memory.hwm_bytes > 0) sample.main_hwm = {true, memory.hwm_bytes};
    ReadPssInto(thread, pid == main, &sample);
  }
  return sample;
}

RssSum SumRss(ProcessTree* tree) {
  RssSum sum;
  tree->Walk(0);
  for (size_t index = 0; index < tree->size(); ++index) {
    uint64_t bytes = 0;
    ReadRss((*tree)[index], &bytes);
    if (bytes == 0) ReadRss(ThreadWithMemory((*tree)[index]), &bytes);
    sum.bytes += bytes;
    sum.largest_bytes = std::max(sum.largest_bytes, bytes);
  }
  return sum;
}

uint64_t SumPss(const ProcessTree& tree, bool* exact) {
  uint64_t sum = 0;
  *exact = true;
  for (size_t index = 0; index < tree.size(); ++index) {
    const pid_t thread = ThreadWithMemory(tree[index]);
    uint64_t bytes = 0;
    if (ReadPss(thread, &bytes) == MemoryRead::kRefused) {
      *exact = false;
      ReadRss(thread, &bytes);
    }
    sum += bytes;
  }
  return sum;
}

size_t CountAlive(ProcessTree* tree) {
  size_t alive = 0;
  tree->Walk(0);
  for (size_t index = 0; index < tree->size(); ++index) {
    ProcessStat stat;
    if (ReadStat((*tree)[index], &stat) && IsAlive(stat)) ++alive;
  }
  return alive;
}

}  // namespace bytesper::supervisor
