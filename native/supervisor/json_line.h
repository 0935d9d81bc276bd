#pragma once

#include <cstddef>
#include <cstdint>

namespace bytesper::supervisor {

// One JSON object on one line. It is never longer than a pipe takes in one piece (PIPE_BUF).
class JsonLine {
 public:
  explicit JsonLine(const char* event);

  void Number(const char* key, int64_t value);
  // Writes milliseconds with three decimals, because the kernel gives microseconds.
  void Milliseconds(const char* key, int64_t microseconds);
  // A text that does not fit is cut at its end.
  void Text(const char* key, const char* value);
  void Null(const char* key);
  void True(const char* key);

  // Ends the object and the line. Nothing can be added afterwards.
  void Close();

  const char* data() const { return text_; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kCapacity = 4096;
  // Bytes that long texts may not use, so that later fields fit.
  static constexpr size_t kReserve = 512;

  void Key(const char* key);
  void Append(const char* text, size_t size);
  void AppendDigits(uint64_t value, int least_digits);
  void AppendEscaped(const char* value);

  char text_[kCapacity];
  size_t size_ = 0;
};

}  // namespace bytesper::supervisor
