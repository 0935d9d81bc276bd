#pragma once

#include <cstddef>

#include "json_line.h"

namespace bytesper::guard {

// Writes lines to the runner without waiting for it: the limits have to hold also while it does not read.
class Report {
 public:
  explicit Report(int fd);

  // Keeps the line for later where the reader is behind.
  void Send(JsonLine* line);
  // Drops the line where the reader is behind.
  void SendIfFree(JsonLine* line);

  // To be called when poll says that the descriptor can be written.
  void WriteKept();
  // Waits until all is written. False: the reader is gone, or lines had to be dropped.
  bool Flush();

  // The descriptor to poll for writing, or -1 where nothing is kept.
  int waiting_fd() const { return kept_ > 0 ? fd_ : -1; }

 private:
  // More than the few lines that are not samples can take.
  static constexpr size_t kCapacity = 16384;

  // Bytes that were taken now, 0 where none can be taken, or -1 for a reader that is gone.
  long WriteNow(const char* data, size_t size);
  void Lose();

  int fd_;
  bool is_socket_;
  bool lost_ = false;
  size_t kept_ = 0;
  char buffer_[kCapacity];
};

}  // namespace bytesper::guard
