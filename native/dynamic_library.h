#pragma once

#include <string>

namespace bytesper {

// One function of a library: where its address is stored; its names from the newest to the oldest (nullptr
// ends the list early); and whether the library is useless without it.
struct Symbol {
  void** target;
  const char* names[4];
  bool required;
};

// POSIX allows storing an address from dlsym() through such a pointer.
template <typename Function>
void** SymbolTarget(Function** target) {
  return reinterpret_cast<void**>(target);
}

// A library that is opened at run time, so that the addon also loads on machines without it.
class DynamicLibrary {
 public:
  DynamicLibrary() = default;
  DynamicLibrary(const DynamicLibrary&) = delete;
  DynamicLibrary& operator=(const DynamicLibrary&) = delete;
  ~DynamicLibrary();

  // Opens `soname` and stores the addresses of all symbols; nullptr for a missing optional one. Returns an
  // empty string, or why the library cannot be used.
  std::string Open(const char* soname, const Symbol* symbols, int symbol_count);

 private:
  void* handle_ = nullptr;
};

}  // namespace bytesper
