#pragma once

#include <cstddef>
#include <cstdint>

namespace bytesper::guard {

// One line of JSON, an object. It never exceeds what a pipe takes in one piece (PIPE_BUF).
class JsonLine {
 public:
  explicit JsonLine(const char* event);

  void Number(const char* key, int64_t value);
  // Milliseconds with three decimals: the kernel gives microseconds.
  void Milliseconds(const char* key, int64_t microseconds);
  // A text that would not fit is cut at its end.
  void Text(const char* key, const char* value);
  void Null(const char* key);
  void True(const char* key);

  // Closes the object and the line; nothing can be added after.
  void Close();

  const char* data() const { return text_; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kCapacity = 4096;
  // Kept free of long texts, for what follows them.
  static constexpr size_t kReserve = 512;

  void Key(const char* key);
  void Append(const char* text, size_t size);
  void AppendDigits(uint64_t value, int least_digits);
  void AppendEscaped(const char* value);

  char text_[kCapacity];
  size_t size_ = 0;
};

}  // namespace bytesper::guard
