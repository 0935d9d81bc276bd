// Definitions that newer compilers take from newer C and C++ libraries. These hidden ones replace them, so
// that an addon built on a new system also loads on older ones.
// std::make_shared needs the library of GCC 9 and cannot be replaced: write std::shared_ptr<T>(new T()).

#if defined(__linux__)
#include <cstdlib>

// Needs glibc 2.32 otherwise. libstdc++ skips atomic operations if only one thread exists. Node has several,
// so the value is 0.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;

#if defined(__GLIBCXX__) || defined(__GNUC__)
// Needs GCC 11 otherwise. Containers call it if the number of elements exceeds the address space. There are
// no exceptions here, so it aborts.
namespace std {
__attribute__((visibility("hidden"), noreturn)) void __throw_bad_array_new_length();
void __throw_bad_array_new_length() { abort(); }
}  // namespace std
#endif
#endif
