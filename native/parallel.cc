#include "parallel.h"

#include <uv.h>

#include <atomic>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace bytesper {
namespace {

// More threads would not help, and each takes memory for its stack.
constexpr int kMostThreads = 256;

struct Work {
  void (*body)(void*, int64_t, int);
  void* state;
  int64_t tasks;
  std::atomic<int64_t> next{0};

  void Run(int worker) {
    for (;;) {
      const int64_t task = next.fetch_add(1, std::memory_order_relaxed);
      if (task >= tasks) return;
      body(state, task, worker);
    }
  }
};

struct Worker {
  Work* work;
  int index;
  uv_thread_t thread;
};

}  // namespace

int AvailableCores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  uv_cpu_info_t* infos = nullptr;
  int count = 0;
  if (uv_cpu_info(&infos, &count) != 0) return 1;
  uv_free_cpu_info(infos, count);
  return count < 1 ? 1 : count;
}

void ParallelFor(int threads, int64_t tasks, void (*body)(void*, int64_t, int), void* state) {
  Work work;
  work.body = body;
  work.state = state;
  work.tasks = tasks;
  int wanted = threads < kMostThreads ? threads : kMostThreads;
  if (wanted > tasks) wanted = static_cast<int>(tasks);
  std::vector<Worker> workers;
  if (wanted > 1) workers.reserve(static_cast<size_t>(wanted - 1));
  for (int index = 1; index < wanted; ++index) {
    workers.push_back({&work, index, {}});
    // The vector never grows beyond its reserved capacity, so the address stays valid.
    Worker* worker = &workers.back();
    const auto entry = [](void* self) {
      Worker* of = static_cast<Worker*>(self);
      of->work->Run(of->index);
    };
    if (uv_thread_create(&worker->thread, entry, worker) != 0) {
      workers.pop_back();
      break;
    }
  }
  work.Run(0);
  for (Worker& worker : workers) uv_thread_join(&worker.thread);
}

}  // namespace bytesper
