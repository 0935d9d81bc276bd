#include "malloc_owner.h"

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__)
#include <dlfcn.h>
#include <link.h>

#include "glibc_versions.h"

BYTESPER_OLD_VERSION(dlopen);
BYTESPER_OLD_VERSION(dlsym);
BYTESPER_OLD_VERSION(dlclose);
BYTESPER_OLD_VERSION(dladdr);
BYTESPER_VERSION_OF(dladdr1, "2.3.3");
BYTESPER_VERSION_OF(dlinfo, "2.3.3");
#endif

namespace bytesper {

#if defined(__GLIBC__)

namespace {

// Whether the program has only a stub for this name and no function. A program at a fixed address, such as
// Node, gives every library the address of its stub, so that addresses of one function are equal everywhere.
bool IsStub(void* function) {
  Dl_info place;
  void* entry = nullptr;
  if (dladdr1(function, &place, &entry, RTLD_DL_SYMENT) == 0 || entry == nullptr) return false;
  return static_cast<const ElfW(Sym)*>(entry)->st_shndx == SHN_UNDEF;
}

// Returns the definition of malloc in this library, else nullptr.
void* DefinitionIn(const link_map& library) {
  if (library.l_name == nullptr || library.l_name[0] == '\0') return nullptr;
  void* handle = dlopen(library.l_name, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return nullptr;
  // dlsym also searches the libraries that this one needs, so the owner of the result is checked.
  void* function = dlsym(handle, "malloc");
  dlclose(handle);
  Dl_info place;
  if (function == nullptr || dladdr(function, &place) == 0) return nullptr;
  return reinterpret_cast<ElfW(Addr)>(place.dli_fbase) == library.l_addr ? function : nullptr;
}

// Returns the definition of malloc that calls use: the first one in the search order of the libraries.
void* FirstDefinition() {
  void* program = dlopen(nullptr, RTLD_LAZY);
  if (program == nullptr) return nullptr;
  link_map* library = nullptr;
  if (dlinfo(program, RTLD_DI_LINKMAP, &library) != 0) library = nullptr;
  void* function = nullptr;
  for (; library != nullptr && function == nullptr; library = library->l_next) {
    function = DefinitionIn(*library);
  }
  dlclose(program);
  return function;
}

}  // namespace

bool MallocIsOfCLibrary() {
  void* own = dlsym(RTLD_DEFAULT, "__libc_malloc");
  void* called = dlsym(RTLD_DEFAULT, "malloc");
  if (own == nullptr || called == nullptr) return false;
  return called == own || (IsStub(called) && FirstDefinition() == own);
}

#else

bool MallocIsOfCLibrary() { return false; }

#endif

}  // namespace bytesper
