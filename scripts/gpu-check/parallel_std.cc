// native/parallel.cc without libuv, for machines without Node.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "parallel.h"

namespace bytesper {
int AvailableCores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }
void ParallelFor(int threads, int64_t tasks, void (*body)(void*, int64_t, int), void* state) {
  std::atomic<int64_t> next{0};
  const auto work = [&](int worker) {
    for (int64_t task; (task = next++) < tasks;) body(state, task, worker);
  };
  std::vector<std::thread> others;
  for (int worker = 1; worker < threads && worker < tasks; ++worker) others.emplace_back(work, worker);
  work(0);
  for (auto& thread : others) thread.join();
}
}  // namespace bytesper
