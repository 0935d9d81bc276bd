#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace peers {

struct Timing {
  double median_ms;
  double min_ms;
};

inline Timing Summarize(std::vector<double> times_ms) {
  std::sort(times_ms.begin(), times_ms.end());
  const size_t middle = times_ms.size() / 2;
  const double median =
      times_ms.size() % 2 == 1 ? times_ms[middle] : (times_ms[middle - 1] + times_ms[middle]) / 2;
  return {median, times_ms.front()};
}

// After one run that is not counted.
template <typename Body>
Timing TimeRuns(int runs, Body&& body) {
  using Clock = std::chrono::steady_clock;
  body();
  std::vector<double> times_ms;
  for (int run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    body();
    times_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return Summarize(std::move(times_ms));
}

}  // namespace peers
