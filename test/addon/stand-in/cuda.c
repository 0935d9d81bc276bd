// A libcuda.so.1 whose answers are set by -D, so that tests can make the driver fail where it wants.
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#ifndef INIT_STATUS
#define INIT_STATUS 0
#endif
#ifndef DEVICE_COUNT
#define DEVICE_COUNT 1
#endif
#ifndef TOTAL_STATUS
#define TOTAL_STATUS 0
#endif
#ifndef MEMORY_STATUS
#define MEMORY_STATUS 0
#endif
#ifndef CONTEXT
#define CONTEXT ((void *)0)
#endif
#ifndef CONTEXT_DEVICE
#define CONTEXT_DEVICE 0
#endif

int cuInit(unsigned int flags) {
  (void)flags;
#ifdef HANG
  for (;;) pause();
#endif
  return INIT_STATUS;
}

int cuGetErrorString(int status, const char **text) {
  *text = status == 100 ? "no CUDA-capable device is detected" : status == 46 ? "device is busy" : NULL;
  return *text == NULL ? 1 : 0;
}

int cuDriverGetVersion(int *version) {
  *version = 12040;
  return 0;
}

int cuDeviceGetCount(int *count) {
  *count = DEVICE_COUNT;
  return 0;
}

int cuDeviceGet(int *device, int index) {
  *device = index;
  return 0;
}

int cuDeviceGetName(char *out, int length, int device) {
  (void)device;
  strncpy(out, "Stand-in GPU", (size_t)length);
  return 0;
}

int cuDeviceGetUuid_v2(unsigned char *out, int device) {
  for (int i = 0; i < 16; ++i) out[i] = (unsigned char)(i + 16 * device);
  return 0;
}

// The function of CUDA 3.1 counts in 32 bits.
int cuDeviceTotalMem(unsigned int *bytes, int device) {
  (void)device;
  *bytes = 4294967295u;
  return 0;
}

#ifndef WITHOUT_TOTAL_V2
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  (void)device;
  *bytes = 80000000000;
  return TOTAL_STATUS;
}
#endif

int cuCtxGetCurrent(void **context) {
  *context = CONTEXT;
  return 0;
}

int cuCtxGetDevice(int *device) {
  *device = CONTEXT_DEVICE;
  return 0;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) {
  *free = 60000000000;
  *total = 80000000000;
  return MEMORY_STATUS;
}
