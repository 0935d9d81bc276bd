#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace bytesper {

// Reads arguments and fields, and throws a TypeError that names a wrong one. After a failure `ok()` is false,
// an exception is pending, and further reads return a default value.
class ArgumentReader {
 public:
  explicit ArgumentReader(Napi::Env env) : env_(env) {}

  bool ok() const { return !failed_; }

  // Reads a whole number from `least` to 2^53.
  int64_t Count(Napi::Value value, const char* name, int64_t least);
  // Like Count, but also accepts Infinity, for which it returns UINT64_MAX.
  uint64_t Limit(Napi::Value value, const char* name);
  double Number(Napi::Value value, const char* name);
  bool Boolean(Napi::Value value, const char* name);
  std::string Text(Napi::Value value, const char* name);
  // Returns the index of a text in a list that ends with null.
  int OneOf(Napi::Value value, const char* name, const char* const* choices);
  Napi::Value Field(Napi::Object object, const char* name);

  void Fail(const char* name, const char* what);

 private:
  Napi::Env env_;
  bool failed_ = false;
};

}  // namespace bytesper
