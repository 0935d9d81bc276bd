#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace peers {

struct Options {
  int64_t tokens = 0;
  int threads = 1;
  int runs = 1;
  // 0 for whole heads.
  int64_t query_rows = 0;
  bool tuned_rows = false;
  std::string isa;
};

inline bool ParseWhole(const char* text, int64_t lowest, int64_t* out) {
  char* end = nullptr;
  *out = std::strtoll(text, &end, 10);
  return end != text && *end == '\0' && *out >= lowest && *out <= 1 << 20;
}

// Says on stderr what it does not take.
inline bool ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const char* text = i + 1 < argc ? argv[i + 1] : "";
    int64_t number = 0;
    bool valid = false;
    if (name == "--tokens" && (valid = ParseWhole(text, 1, &number))) options->tokens = number;
    if (name == "--threads" && (valid = ParseWhole(text, 1, &number))) {
      options->threads = static_cast<int>(number);
    }
    if (name == "--runs" && (valid = ParseWhole(text, 1, &number))) options->runs = static_cast<int>(number);
    if (name == "--query-rows" && (valid = std::string(text) == "tuned")) options->tuned_rows = true;
    if (name == "--query-rows" && !valid && (valid = ParseWhole(text, 0, &number)))
      options->query_rows = number;
    if (name == "--isa" && (valid = *text != '\0')) options->isa = text;
    if (!valid) {
      std::fprintf(stderr, "cannot take %s %s\n", argv[i], text);
      return false;
    }
  }
  return true;
}

}  // namespace peers
