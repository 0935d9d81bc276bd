#include "call.h"

#include <cstring>

#include "../arguments.h"

namespace bytesper {

bool CallOutput::Take(Napi::Env env, size_t size) {
  bytes = size;
  data.reset(malloc(size));
  if (data != nullptr) return true;
  Napi::Error::New(env, "the output does not fit into memory").ThrowAsJavaScriptException();
  return false;
}

std::shared_ptr<SharedPool> PoolArgument(Napi::Env env, Napi::Value value) {
  auto shared = PoolObject::From(value);
  if (shared == nullptr) ArgumentReader(env).Fail("pool", "must be a MemoryPool");
  return shared;
}

bool CopyNumbers(Napi::Env env, Napi::Value value, const char* name, DType type, int64_t count,
                 HostMemory* out) {
  if (value.IsNull() || value.IsUndefined()) return true;
  ArgumentReader reader(env);
  const napi_typedarray_type wanted = type == DType::kFp32 ? napi_float32_array : napi_uint16_array;
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != wanted) {
    reader.Fail(name, type == DType::kFp32 ? "must be a Float32Array" : "must be a Uint16Array");
    return false;
  }
  const size_t bytes = static_cast<size_t>(count) * BytesOf(type);
  if (value.As<Napi::TypedArray>().ByteLength() != bytes) {
    reader.Fail(name, "has another length than its shape says, or was detached");
    return false;
  }
  const void* const from = type == DType::kFp32
                               ? static_cast<const void*>(value.As<Napi::Float32Array>().Data())
                               : static_cast<const void*>(value.As<Napi::Uint16Array>().Data());
  out->reset(malloc(bytes));
  if (*out == nullptr || from == nullptr) {
    Napi::Error::New(env, std::string(name) + " could not be copied: no memory left")
        .ThrowAsJavaScriptException();
    return false;
  }
  memcpy(out->get(), from, bytes);
  return true;
}

Napi::Object CallResult(Napi::Env env, const CallReport& report, CallOutput* output) {
  const auto number = [&](uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
  Napi::Object result = Napi::Object::New(env);
  result.Set("durationMs", Napi::Number::New(env, report.duration_ms));
  result.Set("usedHighWaterBytes", number(report.at_most.used_high));
  result.Set("reservedHighWaterBytes", number(report.at_most.reserved_high));
  result.Set("code", Napi::String::New(env, report.code));
  if (output->data != nullptr) {
    void* const data = output->data.release();
    result.Set("output", Napi::ArrayBuffer::New(env, data, output->bytes,
                                                [](Napi::Env, void* memory) { free(memory); }));
  }
  return result;
}

}  // namespace bytesper
