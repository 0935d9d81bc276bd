// What newer compilers take from newer C and C++ libraries. With these of our own, hidden from everybody
// else, an addon that was built on a new system loads on older ones as well.

#if defined(__linux__)
#include <cstdlib>

// glibc 2.32. libstdc++ saves atomic operations while there is one thread; there are several in Node.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;

#if defined(__GLIBCXX__) || defined(__GNUC__)
// GCC 11. Containers call it for more elements than memory has addresses; without exceptions there is no way
// on.
namespace std {
__attribute__((visibility("hidden"), noreturn)) void __throw_bad_array_new_length();
void __throw_bad_array_new_length() { abort(); }
}  // namespace std
#endif
#endif
