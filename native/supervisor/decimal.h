#pragma once

namespace bytesper::supervisor {

// Parses a text of digits only. Returns false for any other text and for a number larger than an int.
inline bool ParseInt(const char* text, int* number) {
  if (*text == '\0') return false;
  int value = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return false;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *text - '0', &value)) {
      return false;
    }
  }
  *number = value;
  return true;
}

}  // namespace bytesper::supervisor
