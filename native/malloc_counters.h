#pragma once

#include <napi.h>

namespace bytesper {

// MallocInfo of the contract, or { absent: reason }.
Napi::Value MallocInfo(const Napi::CallbackInfo& info);
// Throws a TypeError or RangeError unless called with a whole number of bytes from 1 to 1 GiB.
Napi::Value MallocSelfTest(const Napi::CallbackInfo& info);
// Gives memory that malloc has free back to the system: true, or { absent: reason }.
Napi::Value MallocTrim(const Napi::CallbackInfo& info);

}  // namespace bytesper
