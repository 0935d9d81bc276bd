#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace bytesper {

// A value in bytes, or the reason why there is none. An unknown value is never 0. It is plain data, so that a
// source can be read completely before the first JavaScript object is created.
struct Reading {
  bool present = false;
  uint64_t value = 0;
  const char* reason = "not read";

  static Reading Of(uint64_t value) { return {true, value, nullptr}; }
  // `reason` must live longer than the reading: a literal, or a string that the caller keeps.
  static Reading Absent(const char* reason) { return {false, 0, reason}; }
};

Napi::Value ToJs(Napi::Env env, const Reading& reading);

// { absent: reason }
Napi::Value AbsentToJs(Napi::Env env, const std::string& reason);

}  // namespace bytesper
