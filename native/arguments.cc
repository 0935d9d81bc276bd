#include "arguments.h"

#include <cmath>

namespace bytesper {
namespace {

constexpr double kMostExact = 9007199254740992.0;

}  // namespace

void ArgumentReader::Fail(const char* name, const char* what) {
  if (failed_) return;
  failed_ = true;
  if (env_.IsExceptionPending()) return;
  Napi::TypeError::New(env_, std::string(name) + " " + what).ThrowAsJavaScriptException();
}

double ArgumentReader::Number(Napi::Value value, const char* name) {
  if (failed_ || value.IsEmpty() || !value.IsNumber()) {
    Fail(name, "must be a number");
    return 0;
  }
  return value.As<Napi::Number>().DoubleValue();
}

int64_t ArgumentReader::Count(Napi::Value value, const char* name, int64_t least) {
  const double number = Number(value, name);
  if (failed_) return least;
  if (!(number >= static_cast<double>(least)) || number > kMostExact || std::floor(number) != number) {
    Fail(name,
         least == 0 ? "must be a whole number from 0 to 2^53" : "must be a whole number from 1 to 2^53");
    return least;
  }
  return static_cast<int64_t>(number);
}

uint64_t ArgumentReader::Limit(Napi::Value value, const char* name) {
  const double number = Number(value, name);
  if (!failed_ && std::isinf(number) && number > 0) return UINT64_MAX;
  return static_cast<uint64_t>(Count(value, name, 0));
}

bool ArgumentReader::Boolean(Napi::Value value, const char* name) {
  if (failed_ || value.IsEmpty() || !value.IsBoolean()) {
    Fail(name, "must be true or false");
    return false;
  }
  return value.As<Napi::Boolean>().Value();
}

std::string ArgumentReader::Text(Napi::Value value, const char* name) {
  if (failed_ || value.IsEmpty() || !value.IsString()) {
    Fail(name, "must be a text");
    return "";
  }
  return value.As<Napi::String>().Utf8Value();
}

int ArgumentReader::OneOf(Napi::Value value, const char* name, const char* const* choices) {
  const std::string text = Text(value, name);
  for (int index = 0; choices[index] != nullptr; ++index) {
    if (text == choices[index]) return index;
  }
  Fail(name, "is unknown");
  return 0;
}

Napi::Value ArgumentReader::Field(Napi::Object object, const char* name) {
  if (failed_) return {};
  Napi::Value value = object.Get(name);
  // A getter may throw.
  if (env_.IsExceptionPending()) failed_ = true;
  return failed_ ? Napi::Value() : value;
}

}  // namespace bytesper
