#pragma once

// glibc gave these functions new versions that do the same as the old ones. The addon asks for the old
// versions. So an addon built on a new system also loads on older ones, down to the glibc that Node needs.

#if defined(__linux__)
#include <features.h>
#if defined(__GLIBC__) && defined(__x86_64__)
#define BYTESPER_VERSION_OF(name, version) __asm__(".symver " #name "," #name "@GLIBC_" version)
#define BYTESPER_OLD_VERSION(name) BYTESPER_VERSION_OF(name, "2.2.5")
#elif defined(__GLIBC__) && defined(__aarch64__)
// glibc for aarch64 begins with version 2.17, so no older versions exist.
#define BYTESPER_VERSION_OF(name, version) __asm__(".symver " #name "," #name "@GLIBC_2.17")
#define BYTESPER_OLD_VERSION(name) BYTESPER_VERSION_OF(name, "2.17")
#endif
#endif

#if !defined(BYTESPER_OLD_VERSION)
#define BYTESPER_VERSION_OF(name, version) static_assert(true, "")
#define BYTESPER_OLD_VERSION(name) static_assert(true, "")
#endif
