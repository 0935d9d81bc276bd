#include "json_line.h"

#include <cstring>

namespace bytesper::supervisor {

JsonLine::JsonLine(const char* event) {
  Append("{", 1);
  Text("event", event);
}

void JsonLine::Number(const char* key, int64_t value) {
  Key(key);
  if (value < 0) Append("-", 1);
  AppendDigits(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 1);
}

void JsonLine::Milliseconds(const char* key, int64_t microseconds) {
  const uint64_t value = microseconds < 0 ? 0 : static_cast<uint64_t>(microseconds);
  Key(key);
  AppendDigits(value / 1000, 1);
  Append(".", 1);
  AppendDigits(value % 1000, 3);
}

void JsonLine::Text(const char* key, const char* value) {
  Key(key);
  Append("\"", 1);
  AppendEscaped(value);
  Append("\"", 1);
}

void JsonLine::Null(const char* key) {
  Key(key);
  Append("null", 4);
}

void JsonLine::True(const char* key) {
  Key(key);
  Append("true", 4);
}

void JsonLine::Close() { Append("}\n", 2); }

void JsonLine::Key(const char* key) {
  if (size_ > 1) Append(",", 1);
  Append("\"", 1);
  Append(key, strlen(key));
  Append("\":", 2);
}

void JsonLine::Append(const char* text, size_t size) {
  if (size > kCapacity - size_) return;
  memcpy(text_ + size_, text, size);
  size_ += size;
}

void JsonLine::AppendDigits(uint64_t value, int least_digits) {
  char digits[20];
  int count = 0;
  do {
    digits[sizeof(digits) - 1 - static_cast<size_t>(count)] = static_cast<char>('0' + value % 10);
    value /= 10;
    ++count;
  } while (value > 0 || count < least_digits);
  Append(digits + sizeof(digits) - count, static_cast<size_t>(count));
}

void JsonLine::AppendEscaped(const char* value) {
  constexpr char kHex[] = "0123456789abcdef";
  size_t whole = size_;
  for (; *value != '\0'; ++value) {
    const unsigned char byte = static_cast<unsigned char>(*value);
    const bool continues = (byte & 0xC0) == 0x80;
    // The text is cut only between characters. A cut inside a character would make the line invalid UTF-8.
    if (!continues) whole = size_;
    if (size_ + 6 > kCapacity - kReserve) {
      size_ = whole;
      return;
    }
    if (byte == '"' || byte == '\\') {
      const char escaped[] = {'\\', *value};
      Append(escaped, sizeof(escaped));
    } else if (byte < 0x20) {
      const char escaped[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
      Append(escaped, sizeof(escaped));
    } else {
      Append(value, 1);
    }
  }
}

}  // namespace bytesper::supervisor
