#pragma once

#include <cstdint>
#include <type_traits>

namespace bytesper {

// Cores that this process may run on.
int AvailableCores();

// Calls `body(state, task, worker)` for each task from 0 to tasks - 1, in order of starting, on up to
// `threads` threads of which the caller is one; `worker` is from 0 to threads - 1. Returns when all tasks are
// done. Threads that the system does not give are done without.
void ParallelFor(int threads, int64_t tasks, void (*body)(void* state, int64_t task, int worker),
                 void* state);

// The same for anything that can be called with (task, worker).
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
