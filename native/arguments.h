#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace bytesper {

// Reads arguments and fields, and throws a TypeError that names the one that is wrong. After a failure `ok()`
// is false, an exception is pending, and further reads answer a default.
class ArgumentReader {
 public:
  explicit ArgumentReader(Napi::Env env) : env_(env) {}

  bool ok() const { return !failed_; }

  // A whole number from `least` to 2^53.
  int64_t Count(Napi::Value value, const char* name, int64_t least);
  // As Count, or Infinity, which answers UINT64_MAX.
  uint64_t Limit(Napi::Value value, const char* name);
  double Number(Napi::Value value, const char* name);
  bool Boolean(Napi::Value value, const char* name);
  std::string Text(Napi::Value value, const char* name);
  // The index of a text in a list that ends with null.
  int OneOf(Napi::Value value, const char* name, const char* const* choices);
  Napi::Value Field(Napi::Object object, const char* name);

  // Throws the TypeError "<name> <what>".
  void Fail(const char* name, const char* what);

 private:
  Napi::Env env_;
  bool failed_ = false;
};

}  // namespace bytesper
