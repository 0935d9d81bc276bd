#pragma once

#include <cstddef>

#include "json_line.h"

namespace bytesper::supervisor {

// Writes lines to the runner without waiting, because the limits must hold even while the runner does not
// read.
class Report {
 public:
  explicit Report(int fd);

  // Sends the line. If the reader is behind, the line is kept for later.
  void Send(JsonLine* line);
  // Sends the line, or drops it if the reader is behind.
  void SendIfFree(JsonLine* line);

  // Call this when poll says that the descriptor can be written.
  void WriteKept();
  // Waits until everything is written. False: the reader is gone, or lines were dropped.
  bool Flush();

  // The descriptor to poll for writing, or -1 if nothing is kept.
  int waiting_fd() const { return kept_ > 0 ? fd_ : -1; }

 private:
  // Enough for all lines that are not samples.
  static constexpr size_t kCapacity = 16384;

  // Returns the number of bytes written now, 0 if none can be written, or -1 if the reader is gone.
  long WriteNow(const char* data, size_t size);
  void Lose();

  int fd_;
  bool is_socket_;
  bool lost_ = false;
  size_t kept_ = 0;
  char buffer_[kCapacity];
};

}  // namespace bytesper::supervisor
