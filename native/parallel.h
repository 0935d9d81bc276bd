#pragma once

#include <cstdint>
#include <type_traits>

namespace bytesper {

// Number of cores on which this process may run.
int AvailableCores();

// Calls `body(state, task, worker)` for each task from 0 to tasks - 1. Tasks start in this order, on up to
// `threads` threads including the caller's. `worker` is from 0 to threads - 1. Returns when all tasks are
// done. If the system refuses a thread, fewer threads do the work.
void ParallelFor(int threads, int64_t tasks, void (*body)(void* state, int64_t task, int worker),
                 void* state);

template <typename Body>
void ParallelFor(int threads, int64_t tasks, Body&& body) {
  ParallelFor(
      threads, tasks,
      [](void* state, int64_t task, int worker) {
        (*static_cast<typename std::remove_reference<Body>::type*>(state))(task, worker);
      },
      &body);
}

}  // namespace bytesper
