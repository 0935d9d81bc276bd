#include "reading.h"

namespace bytesper {

Napi::Value ToJs(Napi::Env env, const Reading& reading) {
  if (!reading.present) return AbsentToJs(env, reading.reason);
  return Napi::Number::New(env, static_cast<double>(reading.value));
}

Napi::Value AbsentToJs(Napi::Env env, const std::string& reason) {
  Napi::Object absent = Napi::Object::New(env);
  absent.Set("absent", reason);
  return absent;
}

}  // namespace bytesper
