#pragma once

#include <napi.h>

namespace bytesper {

// lockFile(fd): takes the exclusive lock of an open file without waiting. true: this process has it until the
// descriptor is closed, by death as well. false: another one has it. { absent } where files cannot be locked.
Napi::Value LockFile(const Napi::CallbackInfo& info);

}  // namespace bytesper
