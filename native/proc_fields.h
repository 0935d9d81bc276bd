#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace bytesper {

// A line "Name:    1234 kB" of a file in /proc. The kernel's kB are 1024 bytes.
struct ProcField {
  const char* name;
  bool found = false;
  uint64_t bytes = 0;
};

// Fills the fields that the file has. Returns 0, or the errno of the failed open or read. It uses only the
// stack: an allocation would change the counters that it reads.
int ReadProcFields(const char* path, ProcField* fields, size_t count);

// Returns the field's bytes, or { absent } with the names of the field and the file.
Napi::Value ProcFieldToJs(Napi::Env env, const char* path, const ProcField& field);

}  // namespace bytesper
