// The emulated machine behind cuda_emulation.h: fibers, barriers, shared memory and the warp instructions.

#include <setjmp.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cuda_emulation.h"
#include "machine_parts.h"

namespace emulation {

unsigned current = 0;

[[noreturn]] void Fail(const char* what) {
  std::printf("FAIL emulated machine: %s\n", what);
  std::fflush(stdout);
  std::_Exit(1);
}

namespace {

constexpr size_t kStackBytes = 256 * 1024;
constexpr int kGuardBytes = 4096;
constexpr uint32_t kSharedWindow = 1024;  // address of the first byte of shared memory, as a kernel sees it
constexpr unsigned char kPoison = 0xff;   // NaN in all three formats
constexpr unsigned char kGuard = 0xa5;

// ---- Fibers ----

enum class State { kReady, kWaitsForWarp, kWaitsForBlock, kSleeps, kDone };

struct Copy {
  uint32_t to_smem;
  const void* from_gmem;  // null: zeros
};

struct Fiber {
  ucontext_t first_context;
  jmp_buf context;
  bool started = false;
  State state = State::kDone;
  std::unique_ptr<char[]> stack;
  std::vector<std::vector<Copy>> groups;  // committed groups of copies, oldest first
  std::vector<Copy> open;                 // copies not yet committed
};

// One warp instruction that its lanes are gathering for.
struct Gathering {
  const char* name = nullptr;  // compared by address
  int arrived = 0;
  void* slots[kLanes];
};

Fiber fibers[kMostThreads];
Gathering gatherings[kMostThreads / kLanes];
uint32_t ready_lanes[kMostThreads / kLanes];  // a bit a lane
jmp_buf scheduler_context;
int waiting_for_block = 0;
int running = 0;
Launch launch;
Index block_index;
const std::function<void()>* kernel = nullptr;
uint64_t random_state = 1;

alignas(1024) char shared[kMostSharedBytes + kGuardBytes];

__attribute__((noinline)) void ToScheduler() {
  if (_setjmp(fibers[current].context) == 0) _longjmp(scheduler_context, 1);
}

void FiberMain() {
  for (;;) {
    (*kernel)();
    if (!fibers[current].open.empty()) Fail("a copy was never committed");
    fibers[current].state = State::kDone;
    --running;
    ToScheduler();
  }
}

__attribute__((noinline)) void Resume(int thread) {
  Fiber& fiber = fibers[thread];
  current = static_cast<unsigned>(thread);
  if (_setjmp(scheduler_context) != 0) return;
  if (fiber.started) _longjmp(fiber.context, 1);
  fiber.started = true;
  fiber.stack.reset(new char[kStackBytes]);
  getcontext(&fiber.first_context);
  fiber.first_context.uc_stack.ss_sp = fiber.stack.get();
  fiber.first_context.uc_stack.ss_size = kStackBytes;
  fiber.first_context.uc_link = nullptr;
  makecontext(&fiber.first_context, FiberMain, 0);
  setcontext(&fiber.first_context);
}

void MakeReady(int thread) {
  fibers[thread].state = State::kReady;
  ready_lanes[thread / kLanes] |= 1u << thread % kLanes;
}

// Takes the next fiber to run, or -1. Ahead: stay with one warp for as long as it can go on.
int Choose() {
  const int warps = launch.threads / kLanes;
  const int first_warp = launch.order == Order::kShuffled ? static_cast<int>(Random(warps)) : 0;
  for (int i = 0; i < warps; ++i) {
    const int ascending = (first_warp + i) % warps;
    const int warp = launch.order == Order::kLastWarpAhead ? warps - 1 - ascending : ascending;
    uint32_t& ready = ready_lanes[warp];
    if (ready == 0) continue;
    const uint32_t high = launch.order == Order::kShuffled ? ready & ~0u << Random(kLanes) : 0;
    const int lane = __builtin_ctz(high != 0 ? high : ready);
    ready &= ~(1u << lane);
    return warp * kLanes + lane;
  }
  return -1;
}

void RunBlock() {
  std::memset(shared, kPoison, launch.shared_bytes);
  std::memset(shared + launch.shared_bytes, kGuard, kGuardBytes);
  running = launch.threads;
  waiting_for_block = 0;
  for (int thread = 0; thread < launch.threads; ++thread) {
    MakeReady(thread);
    fibers[thread].groups.clear();
  }
  StartHopperBlock();
  while (running > 0) {
    if (launch.landing == Landing::kShuffled && CopiesUnderWay() && Random(64) == 0) LandOneCopy();
    const int thread = Choose();
    if (thread < 0 && LandOneCopy()) continue;
    if (thread < 0)
      Fail("deadlock: some threads wait at a barrier or a warp instruction that others never reach");
    Resume(thread);
  }
  EndHopperBlock();
  for (int i = 0; i < kGuardBytes; ++i) {
    if (static_cast<unsigned char>(shared[launch.shared_bytes + i]) != kGuard)
      Fail("wrote past shared memory");
  }
}

// ---- Shared memory ----

char* SharedChunk(uint32_t address) { return SharedBytes(address, 16, 16); }

void Land(const std::vector<Copy>& group) {
  for (const Copy& copy : group) {
    char* const to = SharedChunk(copy.to_smem);
    if (copy.from_gmem != nullptr) std::memcpy(to, copy.from_gmem, 16);
    if (copy.from_gmem == nullptr) std::memset(to, 0, 16);
  }
}

}  // namespace

uint32_t Random(uint32_t below) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<uint32_t>((random_state >> 33) % below);
}

const Launch& CurrentLaunch() { return launch; }

char* SharedBytes(uint32_t address, int bytes, int alignment) {
  if (address % static_cast<uint32_t>(alignment) != 0) Fail("shared address not aligned to the access");
  if (address < kSharedWindow ||
      address + static_cast<uint32_t>(bytes) > kSharedWindow + static_cast<uint32_t>(launch.shared_bytes)) {
    Fail("shared address out of bounds");
  }
  return shared + (address - kSharedWindow);
}

void Sleep() {
  fibers[current].state = State::kSleeps;
  ToScheduler();
}

void Wake(int thread) { MakeReady(thread); }

void WarpInstruction(const char* name, void* slot, const std::function<void(void**)>& act) {
  const int warp = static_cast<int>(current) / kLanes;
  Gathering& gathering = gatherings[warp];
  if (gathering.arrived == 0) gathering.name = name;
  if (gathering.name != name) Fail("the lanes of a warp disagree on an instruction");
  gathering.slots[current % kLanes] = slot;
  if (++gathering.arrived < kLanes) {
    fibers[current].state = State::kWaitsForWarp;
    ToScheduler();
    return;
  }
  gathering.arrived = 0;
  act(gathering.slots);
  for (int lane = 0; lane < kLanes; ++lane) {
    const int thread = warp * kLanes + lane;
    if (fibers[thread].state == State::kWaitsForWarp) MakeReady(thread);
  }
}

void Run(const Launch& wanted, const std::function<void()>& body) {
  launch = wanted;
  kernel = &body;
  random_state = launch.seed * 2 + 1;
  if (launch.threads % kLanes != 0 || launch.threads > kMostThreads) Fail("unsupported number of threads");
  if (launch.shared_bytes > kMostSharedBytes) Fail("more shared memory than any device has");
  for (unsigned y = 0; y < launch.grid.y; ++y) {
    for (unsigned x = 0; x < launch.grid.x; ++x) {
      block_index = {x, y, 0};
      RunBlock();
    }
  }
}

Index BlockIndex() { return block_index; }
Index GridSize() { return launch.grid; }
Index BlockSize() { return {static_cast<unsigned>(launch.threads), 1, 1}; }

// ---- Number formats ----

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const int exponent = bits >> 10 & 0x1f;
  const uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0x1f) return FloatOf(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) return std::copysign(std::ldexp(static_cast<float>(mantissa), -24), FloatOf(sign | 1));
  return FloatOf(sign | static_cast<uint32_t>(exponent + 112) << 23 | mantissa << 13);
}

uint16_t FloatToHalf(float value) {
  const uint16_t sign = BitsOf(value) >> 16 & 0x8000;
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return 0x7fff;
  if (magnitude >= 65520.0f) return sign | 0x7c00;
  // Steps between neighbours: 2^-24 below 2^-14, else 2^(exponent - 10). nearbyint rounds halves to even.
  const int exponent = magnitude < 0x1p-14f ? -14 : std::ilogb(magnitude);
  const int steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
  return sign | static_cast<uint16_t>((exponent + 14) * 1024 + steps);
}

// ---- Instructions ----

char* SharedBase() { return shared; }

uint32_t SharedAddress(const void* pointer) {
  return kSharedWindow + static_cast<uint32_t>(static_cast<const char*>(pointer) - shared);
}

void SyncThreads() {
  if (++waiting_for_block < launch.threads) {
    fibers[current].state = State::kWaitsForBlock;
    ToScheduler();
    return;
  }
  waiting_for_block = 0;
  for (int thread = 0; thread < launch.threads; ++thread) {
    if (fibers[thread].state == State::kWaitsForBlock) MakeReady(thread);
  }
}

void SyncWarp() {
  WarpInstruction("bar.warp.sync", nullptr, [](void**) {});
}

float ShuffleXor(float value, int mask) {
  float result = value;
  struct Slot {
    float value;
    int mask;
    float* result;
  } slot = {value, mask, &result};
  WarpInstruction("shfl.xor", &slot, [](void** slots) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const Slot& mine = *static_cast<Slot*>(slots[lane]);
      *mine.result = static_cast<Slot*>(slots[lane ^ mine.mask])->value;
    }
  });
  return result;
}

void LdMatrixX4(uint32_t* reg, uint32_t row_smem, bool transposed) {
  struct Slot {
    uint32_t* reg;
    uint32_t row_smem;
  } slot = {reg, row_smem};
  WarpInstruction(transposed ? "ldmatrix.x4.trans" : "ldmatrix.x4", &slot, [transposed](void** slots) {
    uint16_t matrix[8][8];
    for (int m = 0; m < 4; ++m) {
      for (int row = 0; row < 8; ++row) {
        std::memcpy(matrix[row], SharedChunk(static_cast<Slot*>(slots[m * 8 + row])->row_smem), 16);
      }
      for (int lane = 0; lane < kLanes; ++lane) {
        const int row = lane / 4;
        const int column = lane % 4 * 2;
        const uint16_t low = transposed ? matrix[column][row] : matrix[row][column];
        const uint16_t high = transposed ? matrix[column + 1][row] : matrix[row][column + 1];
        static_cast<Slot*>(slots[lane])->reg[m] = low | uint32_t{high} << 16;
      }
    }
  });
}

// m16n8k8 and m16n8k16. Registers hold pairs along k: a[0] rows 0-7, a[1] rows 8-15, a[2] and a[3] the same
// for k 8-15; b[0] k 0-7, b[1] k 8-15. In each, lane / 4 is the row of A or the column of B, lane % 4 the
// pair.
void Mma(float* d, const uint32_t* a, int a_count, const uint32_t* b, int b_count, bool bfloat) {
  struct Slot {
    float* d;
    const uint32_t* a;
    const uint32_t* b;
  } slot = {d, a, b};
  const char* const name = b_count == 1 ? "mma.m16n8k8.f16"
                           : bfloat     ? "mma.m16n8k16.bf16"
                                        : "mma.m16n8k16.f16";
  WarpInstruction(name, &slot, [a_count, b_count, bfloat](void** slots) {
    static const std::vector<float> half_values = [] {
      std::vector<float> values(65536);
      for (int bits = 0; bits < 65536; ++bits) values[bits] = HalfToFloat(static_cast<uint16_t>(bits));
      return values;
    }();
    const auto widen = [&](uint32_t pair, int e) {
      const uint16_t bits = static_cast<uint16_t>(pair >> 16 * e);
      return bfloat ? BfloatToFloat(bits) : half_values[bits];
    };
    float a_values[16][16];
    float b_values[16][8];
    for (int lane = 0; lane < kLanes; ++lane) {
      const Slot& mine = *static_cast<Slot*>(slots[lane]);
      for (int e = 0; e < 2; ++e) {
        const int pair = lane % 4 * 2 + e;
        for (int r = 0; r < a_count; ++r)
          a_values[lane / 4 + r % 2 * 8][pair + r / 2 * 8] = widen(mine.a[r], e);
        for (int r = 0; r < b_count; ++r) b_values[pair + r * 8][lane / 4] = widen(mine.b[r], e);
      }
    }
    float sums[16][8] = {};
    for (int row = 0; row < 16; ++row) {
      for (int k = 0; k < 8 * b_count; ++k) {
        for (int column = 0; column < 8; ++column)
          sums[row][column] += a_values[row][k] * b_values[k][column];
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      const Slot& mine = *static_cast<Slot*>(slots[lane]);
      for (int e = 0; e < 4; ++e) mine.d[e] += sums[lane / 4 + e / 2 * 8][lane % 4 * 2 + e % 2];
    }
  });
}

void CpAsync16(uint32_t to_smem, const void* from_gmem, bool valid) {
  SharedChunk(to_smem);
  if (valid && reinterpret_cast<uintptr_t>(from_gmem) % 16 != 0)
    Fail("cp.async source not aligned to 16 bytes");
  const Copy copy = {to_smem, valid ? from_gmem : nullptr};
  // A copy that landed at once is kept, and lands again when awaited: that is still within its window.
  if (launch.landing == Landing::kAtOnce || (launch.landing == Landing::kShuffled && Random(2) == 0))
    Land({copy});
  fibers[current].open.push_back(copy);
}

void CpAsyncCommit() {
  Fiber& fiber = fibers[current];
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}

void CpAsyncWait(int pending) {
  std::vector<std::vector<Copy>>& groups = fibers[current].groups;
  while (static_cast<int>(groups.size()) > pending) {
    Land(groups.front());
    groups.erase(groups.begin());
  }
}

}  // namespace emulation
