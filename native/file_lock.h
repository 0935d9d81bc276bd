#pragma once

#include <napi.h>

namespace bytesper {

// lockFile(fd): takes the exclusive lock of an open file without waiting. true: this process has it until the
// descriptor is closed or the process ends. false: another process has it. { absent }: files cannot be locked
// here.
Napi::Value LockFile(const Napi::CallbackInfo& info);

}  // namespace bytesper
