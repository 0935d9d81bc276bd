// A libnvidia-ml.so.1 whose answers are set by -D, so that tests can make the driver fail where it wants.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef INIT_STATUS
#define INIT_STATUS 0
#endif
#ifndef DEVICE_COUNT
#define DEVICE_COUNT 1
#endif
#ifndef MEMORY_STATUS
#define MEMORY_STATUS 0
#endif
#ifndef MEMORY_V2_STATUS
#define MEMORY_V2_STATUS MEMORY_STATUS
#endif
#ifndef TOTAL
#define TOTAL 1000000
#define USED 300000
#define FREE 700000
#define RESERVED 100000
#endif
#ifndef PROCESS_STATUS
#define PROCESS_STATUS 0
#endif
#ifndef PROCESS_VERSION
#define PROCESS_VERSION 3
#endif
// Expressions of `index`.
#ifndef PROCESS_COUNT
#define PROCESS_COUNT 0
#endif
#ifndef PID
#define PID (100 + index)
#endif
#ifndef PROCESS_BYTES
#define PROCESS_BYTES (1000ull * (index + 1))
#endif

static int users;
/* For expressions that change from read to read. */
static unsigned long long reads;

int nvmlInit_v2(void) {
#ifdef HANG
  for (;;) pause();
#endif
#ifdef LEAK
  // Known faults for the sanitizer to find: here a block that nobody frees.
  memset(malloc(4711), 1, 4711);
#endif
  // NVML counts its users; this one takes a second as proof that the first forgot to leave.
  if (users != 0) return 2;
  if (INIT_STATUS == 0) users += 1;
  return INIT_STATUS;
}

#ifndef WITHOUT_SHUTDOWN
int nvmlShutdown(void) {
  users -= 1;
  return 0;
}
#endif

const char *nvmlErrorString(int status) {
  if (status == 7) return "Insufficient Size";
  if (status == 9) return "Driver Not Loaded";
  if (status == 15) return "GPU is lost";
  return "Unknown Error";
}

int nvmlSystemGetDriverVersion(char *out, unsigned int length) {
  strncpy(out, "550.54.15", length);
  return 0;
}

int nvmlDeviceGetCount_v2(unsigned int *count) {
  *count = DEVICE_COUNT;
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
  *device = (void *)(uintptr_t)(index + 1);
  return 0;
}

int nvmlDeviceGetName(void *device, char *out, unsigned int length) {
  (void)device;
  strncpy(out, "Stand-in GPU", length);
  return 0;
}

int nvmlDeviceGetUUID(void *device, char *out, unsigned int length) {
  (void)device;
#ifdef OVERRUN
  // The caller's buffer has at most one byte more than it tells.
  length += 2;
#endif
  strncpy(out, "GPU-0000", length);
  return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *out) {
  (void)device;
  out[0] = TOTAL;
  out[1] = FREE;
  // The first version has no place for the reserve and counts it as used.
  out[2] = TOTAL - FREE;
  return MEMORY_STATUS;
}

#ifndef WITHOUT_MEMORY_V2
struct memory_v2 {
  unsigned int version;
  unsigned long long total, reserved, free, used;
};

int nvmlDeviceGetMemoryInfo_v2(void *device, struct memory_v2 *out) {
  (void)device;
  // NVML_ERROR_ARGUMENT_VERSION_MISMATCH
  if (out->version != 0x02000028) return 25;
  out->total = TOTAL;
  out->reserved = RESERVED;
  out->free = FREE;
  out->used = USED;
  return MEMORY_V2_STATUS;
}
#endif

struct process_v1 {
  unsigned int pid;
  unsigned long long bytes;
};
struct process_v2 {
  unsigned int pid;
  unsigned long long bytes;
  unsigned int gpu_instance, compute_instance;
};

#define PROCESS_QUERY(name, record) PROCESS_QUERY_OF(name, record)
#define PROCESS_QUERY_OF(name, record)                              \
  int name(void *device, unsigned int *count, struct record *out) { \
    (void)device;                                                   \
    if (PROCESS_STATUS != 0) return PROCESS_STATUS;                 \
    unsigned int room = *count;                                     \
    *count = PROCESS_COUNT;                                         \
    if (room < *count) return 7;                                    \
    for (unsigned int index = 0; index < *count; ++index) {         \
      out[index].pid = PID;                                         \
      out[index].bytes = PROCESS_BYTES;                             \
    }                                                               \
    return 0;                                                       \
  }

// Some drivers of the branch 535 add a field to the records without a new name.
struct process_v3 {
  unsigned int pid;
  unsigned long long bytes;
  unsigned int gpu_instance, compute_instance;
  unsigned long long protected_bytes;
};
#ifndef PROCESS_V3_RECORD
#define PROCESS_V3_RECORD process_v2
#endif

#ifndef WITHOUT_PROCESS_V1
PROCESS_QUERY(nvmlDeviceGetComputeRunningProcesses, process_v1)
#endif
#if PROCESS_VERSION >= 2
PROCESS_QUERY(nvmlDeviceGetComputeRunningProcesses_v2, process_v2)
#endif
#if PROCESS_VERSION >= 3
#ifdef PROCESS_V3_NOT_FOUND
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned int *count, struct process_v2 *out) {
  (void)device, (void)count, (void)out;
  return 13;
}
#else
PROCESS_QUERY(nvmlDeviceGetComputeRunningProcesses_v3, PROCESS_V3_RECORD)
#endif
#endif

#ifdef MIG
int nvmlDeviceGetMigMode(void *device, unsigned int *now, unsigned int *after_reset) {
  (void)device;
  *now = *after_reset = 1;
  return 0;
}

int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned int *count) {
  (void)device;
  *count = 7;
  return 0;
}

// Two of the seven places are taken.
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned int index, void **out) {
  (void)device;
  *out = (void *)(uintptr_t)(100 + index);
  return index < 2 ? 0 : 6;
}
#endif
