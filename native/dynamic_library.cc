#include "dynamic_library.h"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

#include <cstring>

#include "glibc_versions.h"

#if !defined(_WIN32)
BYTESPER_OLD_VERSION(dlopen);
BYTESPER_OLD_VERSION(dlsym);
BYTESPER_OLD_VERSION(dlclose);
BYTESPER_OLD_VERSION(dlerror);
#endif

namespace bytesper {

#if defined(_WIN32)

DynamicLibrary::~DynamicLibrary() = default;

std::string DynamicLibrary::Open(const char* soname, const Symbol*, int) {
  return std::string("loading ") + soname + " is not supported on this system";
}

#else

namespace {

// Whether the library itself is missing. If it exists and needs another missing library, the message also
// contains "No such file". But then it names the other library before the colon (glibc), or adds which
// library needs it (musl).
bool IsNotFound(const char* why, const char* soname) {
  return strstr(why, "No such file") != nullptr &&
         strstr(why, (std::string(soname) + ":").c_str()) != nullptr;
}

}  // namespace

DynamicLibrary::~DynamicLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

std::string DynamicLibrary::Open(const char* soname, const Symbol* symbols, int symbol_count) {
  // RTLD_NODELETE keeps the code in memory: a driver may leave threads and exit handlers that still need it.
  handle_ = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle_ == nullptr) {
    const char* why = dlerror();
    if (why == nullptr || IsNotFound(why, soname)) {
      return std::string("no NVIDIA driver: ") + soname + " not found";
    }
    return std::string(soname) + " cannot be loaded: " + why;
  }
  for (int index = 0; index < symbol_count; ++index) {
    const Symbol& symbol = symbols[index];
    for (const char* name : symbol.names) {
      if (name == nullptr) break;
      *symbol.target = dlsym(handle_, name);
      if (*symbol.target != nullptr) break;
    }
    if (*symbol.target == nullptr && symbol.required) {
      return std::string(soname) + " has no " + symbol.names[0] + "; the NVIDIA driver is too old or damaged";
    }
  }
  return {};
}

#endif

}  // namespace bytesper
