#pragma once

#include <napi.h>

namespace bytesper {

// decode(pool, options, memory) of the contract.
Napi::Value Decode(const Napi::CallbackInfo& info);

// fillBlock(pool, handle, type, seed, threads): normal numbers.
Napi::Value FillBlock(const Napi::CallbackInfo& info);

// writeBlock(pool, handle, offset, bytes).
Napi::Value WriteBlock(const Napi::CallbackInfo& info);

// readBlock(pool, handle, threads, instructionSet): the time of one read from end to end.
Napi::Value ReadBlock(const Napi::CallbackInfo& info);

}  // namespace bytesper
