// mbarriers, named barriers, the copy engine and the products of a warpgroup, behind hopper_emulation.h.

#include <cstdio>
#include <map>
#include <vector>

#include "hopper_emulation.h"
#include "machine_parts.h"

namespace emulation {
namespace {

using bytesper::attention::TensorMap;

constexpr int kWarps = kMostThreads / kLanes;
constexpr int kRowBytes = 128;  // of the swizzle

// ---- State of a block ----

struct Mbarrier {
  int arrivals = 0;  // a phase
  int missing = 0;
  long long owed_bytes = 0;
  uint32_t phase = 0;
  bool shown_to_copies = false;
  std::vector<int> sleepers;
};

struct NamedBarrier {
  int threads = 0;
  int arrived = 0;
  std::vector<int> sleepers;
};

// A tensor map as this machine keeps it in the driver's 128 bytes.
struct Map {
  uint64_t address;
  uint64_t sizes[3];
  uint64_t strides[2];
  uint32_t box[3];
  uint32_t magic;
};
static_assert(sizeof(Map) <= sizeof(TensorMap), "a map has 128 bytes");
constexpr uint32_t kMapMagic = 0x7e45a9b1;

struct BoxCopy {
  uint32_t to;
  Map map;
  int64_t corner[3];
  uint32_t barrier;
};

// What one lane handed in, and the numbers that its registers will hold once the product is awaited.
struct Registers {
  std::vector<float> values;
  int products = 0;  // not yet awaited
};

struct IssuedProduct {
  Product lanes[kLanes];
  bool computed = false;
};

struct WarpProducts {
  std::vector<IssuedProduct> open;
  std::vector<std::vector<IssuedProduct>> groups;  // committed, oldest first
  bool fenced = false;
  std::map<float*, Registers> registers;
};

std::map<uint32_t, Mbarrier> mbarriers;
NamedBarrier named[16];
std::vector<BoxCopy> copies;
WarpProducts products[kWarps];
int registers_of_warp[kWarps];
// Registers of the launch that warps have given back.
int free_registers = 0;
std::vector<int> register_sleepers;

Mbarrier& BarrierAt(uint32_t address) {
  const auto found = mbarriers.find(address);
  if (found == mbarriers.end()) Fail("an mbarrier is used that was not initialised");
  return found->second;
}

void WakeAll(std::vector<int>* sleepers) {
  for (const int thread : *sleepers) Wake(thread);
  sleepers->clear();
}

void EndPhaseIfOver(Mbarrier* barrier) {
  if (barrier->missing > 0 || barrier->owed_bytes != 0) return;
  if (barrier->missing < 0) Fail("an mbarrier got more arrivals than it waits for");
  barrier->phase ^= 1;
  barrier->missing = barrier->arrivals;
  WakeAll(&barrier->sleepers);
}

// ---- The copy engine ----

int BoxBytes(const Map& map) { return static_cast<int>(map.box[0] * map.box[1] * map.box[2]) * 2; }

uint32_t Swizzled(uint32_t address) { return address ^ (address >> 3 & 0x70); }

// Shared memory as copies and products see it. Ordinary stores show here after a fence between the proxies
// alone; what copies write shows in both.
alignas(1024) char async_shared[kMostSharedBytes];

char* AsyncBytes(uint32_t address, int bytes, int alignment) {
  return async_shared + (SharedBytes(address, bytes, alignment) - SharedBase());
}

void HideSharedFromAsync() { std::memset(async_shared, 0xff, sizeof async_shared); }

// By chunks of 16 bytes: the swizzle keeps them whole, and a row of a tensor is a multiple of them.
void Land(const BoxCopy& copy) {
  const Map& map = copy.map;
  uint32_t to = copy.to;
  for (uint32_t z = 0; z < map.box[2]; ++z) {
    for (uint32_t y = 0; y < map.box[1]; ++y) {
      for (uint32_t x = 0; x < map.box[0]; x += 8, to += 16) {
        const int64_t at[3] = {copy.corner[0] + x, copy.corner[1] + y, copy.corner[2] + z};
        bool inside = true;
        for (int i = 0; i < 3; ++i)
          inside = inside && at[i] >= 0 && at[i] < static_cast<int64_t>(map.sizes[i]);
        char* const chunk = AsyncBytes(Swizzled(to), 16, 16);
        if (inside) {
          std::memcpy(chunk,
                      reinterpret_cast<const char*>(map.address) + at[0] * 2 +
                          at[1] * static_cast<int64_t>(map.strides[0]) +
                          at[2] * static_cast<int64_t>(map.strides[1]),
                      16);
        } else {
          std::memset(chunk, 0, 16);
        }
        // Who waits at the mbarrier sees it by ordinary loads too.
        std::memcpy(SharedBytes(Swizzled(to), 16, 16), chunk, 16);
      }
    }
  }
  Mbarrier& barrier = BarrierAt(copy.barrier);
  barrier.owed_bytes -= BoxBytes(map);
  EndPhaseIfOver(&barrier);
}

// ---- Products ----

struct Matrix {
  uint32_t start, leading, stride;
};

Matrix Decode(uint64_t descriptor) {
  const auto field = [&](int bit) { return static_cast<uint32_t>(descriptor >> bit & 0x3fff) << 4; };
  if (descriptor >> 62 != 1) Fail("a matrix descriptor without the 128-byte swizzle");
  if ((descriptor >> 49 & 7) != 0) Fail("a matrix descriptor with a base offset");
  return {field(0), field(16), field(32)};
}

float Widen(uint16_t bits, bool bfloat) {
  static const std::vector<float> halves = [] {
    std::vector<float> values(65536);
    for (int i = 0; i < 65536; ++i) values[static_cast<size_t>(i)] = HalfToFloat(static_cast<uint16_t>(i));
    return values;
  }();
  return bfloat ? BfloatToFloat(bits) : halves[bits];
}

// Eight numbers side by side.
void Chunk(uint32_t address, bool bfloat, float (&numbers)[8]) {
  uint16_t bits[8];
  std::memcpy(bits, AsyncBytes(Swizzled(address), 16, 16), 16);
  for (int i = 0; i < 8; ++i) numbers[i] = Widen(bits[i], bfloat);
}

// Numbers k to k + 7 of row `row`, whose 16 numbers along the summed axis lie side by side.
void AlongSum(const Matrix& matrix, int row, int k, bool bfloat, float (&numbers)[8]) {
  Chunk(matrix.start + row / 8 * matrix.stride + row % 8 * kRowBytes + k * 2, bfloat, numbers);
}

// Columns `column` to column + 7 of row k of the summed axis: sixty-four lie side by side, the next `leading`
// bytes on.
void AcrossSum(const Matrix& matrix, int k, int column, bool bfloat, float (&numbers)[8]) {
  Chunk(matrix.start + column / 64 * matrix.leading + k / 8 * matrix.stride + k % 8 * kRowBytes +
            column % 64 * 2,
        bfloat, numbers);
}

void Compute(WarpProducts* of_warp, int warp, IssuedProduct* issued) {
  if (issued->computed) return;
  issued->computed = true;
  const Product& first = issued->lanes[0];
  float a[16][16];
  float numbers[8];
  if (first.a_reg == nullptr) {
    const Matrix matrix = Decode(first.a);
    for (int row = 0; row < 16; ++row) {
      for (int k = 0; k < 16; k += 8) {
        AlongSum(matrix, warp % 4 * 16 + row, k, first.bfloat, numbers);
        std::copy(numbers, numbers + 8, a[row] + k);
      }
    }
  } else {
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int r = 0; r < 4; ++r) {
        for (int e = 0; e < 2; ++e) {
          a[lane / 4 + r % 2 * 8][lane % 4 * 2 + e + r / 2 * 8] =
              Widen(static_cast<uint16_t>(issued->lanes[lane].a_reg[r] >> 16 * e), first.bfloat);
        }
      }
    }
  }
  const Matrix matrix = Decode(first.b);
  static float b[16][256];
  if (first.a_reg == nullptr) {
    for (int column = 0; column < first.columns; ++column) {
      for (int k = 0; k < 16; k += 8) {
        AlongSum(matrix, column, k, first.bfloat, numbers);
        for (int i = 0; i < 8; ++i) b[k + i][column] = numbers[i];
      }
    }
  } else {
    for (int k = 0; k < 16; ++k) {
      for (int column = 0; column < first.columns; column += 8) {
        AcrossSum(matrix, k, column, first.bfloat, numbers);
        std::copy(numbers, numbers + 8, b[k] + column);
      }
    }
  }
  static float sums[16][256];
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < first.columns; ++column) sums[row][column] = 0;
    for (int k = 0; k < 16; ++k) {
      for (int column = 0; column < first.columns; ++column) sums[row][column] += a[row][k] * b[k][column];
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    std::vector<float>& d = of_warp->registers[issued->lanes[lane].d].values;
    for (int i = 0; i < first.columns / 2; ++i) {
      const float sum = sums[lane / 4 + i / 2 % 2 * 8][i / 4 * 8 + lane % 4 * 2 + i % 2];
      d[i] = first.add ? d[i] + sum : sum;
    }
  }
}

void ComputeAll(WarpProducts* of_warp, int warp) {
  for (auto& group : of_warp->groups) {
    for (IssuedProduct& product : group) Compute(of_warp, warp, &product);
  }
  for (IssuedProduct& product : of_warp->open) Compute(of_warp, warp, &product);
}

int WarpOfCurrent() { return static_cast<int>(current) / kLanes; }

}  // namespace

// ---- As the scheduler sees it ----

void StartHopperBlock() {
  mbarriers.clear();
  copies.clear();
  for (NamedBarrier& barrier : named) barrier = {};
  for (WarpProducts& of_warp : products) of_warp = {};
  const int at_launch = 65536 / CurrentLaunch().threads / 8 * 8;
  for (int& registers : registers_of_warp) registers = at_launch < 255 ? at_launch : 255;
  free_registers = 0;
  register_sleepers.clear();
  HideSharedFromAsync();
}

void EndHopperBlock() {
  if (!copies.empty()) Fail("a block ended while a copy into its shared memory was under way");
  for (const NamedBarrier& barrier : named) {
    if (barrier.arrived != 0) Fail("a block ended with a named barrier half full");
  }
  for (const WarpProducts& of_warp : products) {
    if (!of_warp.open.empty() || !of_warp.groups.empty()) Fail("a block ended with products not awaited");
  }
  const int warps = CurrentLaunch().threads / kLanes;
  for (int warp = 0; warp < warps; ++warp) {
    if (registers_of_warp[warp] != registers_of_warp[warp / 4 * 4])
      Fail("a warpgroup disagrees on registers");
  }
}

bool CopiesUnderWay() { return !copies.empty(); }

bool LandOneCopy() {
  if (copies.empty()) return false;
  const size_t which = Random(static_cast<uint32_t>(copies.size()));
  const BoxCopy copy = copies[which];
  copies.erase(copies.begin() + static_cast<std::ptrdiff_t>(which));
  Land(copy);
  return true;
}

// ---- Registers and barriers ----

// The block has the registers of its launch. Who wants more waits until others have given enough of them
// back: a block whose sum is above its launch stands still for ever, however many the processor has.
void SetRegisters(int registers, bool more) {
  int& now = registers_of_warp[WarpOfCurrent()];
  if (registers % 8 != 0 || registers < 24 || registers > 256) Fail("setmaxnreg takes 24, 32, ..., 256");
  const char* const name = more ? "setmaxnreg.inc" : "setmaxnreg.dec";
  const auto give_back = [&](void**) {
    if (registers > now) Fail("setmaxnreg in the wrong direction");
    free_registers += (now - registers) * kLanes;
    now = registers;
    WakeAll(&register_sleepers);
  };
  const auto ask = [&](void**) {
    if (registers < now) Fail("setmaxnreg in the wrong direction");
  };
  WarpInstruction(name, nullptr, more ? std::function<void(void**)>(ask) : give_back);
  while (now < registers) {
    const int missing = (registers - now) * kLanes;
    if (free_registers >= missing) {
      free_registers -= missing;
      now = registers;
      WakeAll(&register_sleepers);
      return;
    }
    register_sleepers.push_back(static_cast<int>(current));
    Sleep();
  }
}

namespace {

NamedBarrier& Arrive(int number, int threads) {
  if (number < 1 || number > 15) Fail("a named barrier has a number from 1 to 15");
  NamedBarrier& barrier = named[number];
  if (barrier.arrived == 0) barrier.threads = threads;
  if (barrier.threads != threads || threads % kLanes != 0) Fail("a named barrier was given different counts");
  ++barrier.arrived;
  return barrier;
}

// A barrier that arrivals alone complete holds nobody back: the turns are out of step.
bool Complete(NamedBarrier* barrier, bool waits) {
  if (barrier->arrived < barrier->threads) return false;
  if (barrier->sleepers.empty() && !waits) Fail("a named barrier was completed while nobody waited");
  barrier->arrived = 0;
  WakeAll(&barrier->sleepers);
  return true;
}

}  // namespace

void NamedBarrierWait(int number, int threads) {
  NamedBarrier& barrier = Arrive(number, threads);
  if (Complete(&barrier, true)) return;
  barrier.sleepers.push_back(static_cast<int>(current));
  Sleep();
}

void NamedBarrierArrive(int number, int threads) {
  NamedBarrier& barrier = Arrive(number, threads);
  Complete(&barrier, false);
}

void MbarrierInit(uint32_t address, int arrivals) {
  SharedBytes(address, 8, 8);
  if (mbarriers.count(address) != 0) Fail("an mbarrier is initialised twice");
  if (arrivals < 1) Fail("an mbarrier must wait for one arrival at least");
  mbarriers[address].arrivals = mbarriers[address].missing = arrivals;
}

void MbarrierInitFence() {
  for (auto& [address, barrier] : mbarriers) barrier.shown_to_copies = true;
  FenceProxyAsync();
}

void MbarrierArrive(uint32_t address, int bytes) {
  Mbarrier& barrier = BarrierAt(address);
  barrier.owed_bytes += bytes;
  --barrier.missing;
  if (barrier.missing < 0) Fail("an mbarrier got more arrivals than it waits for");
  EndPhaseIfOver(&barrier);
}

void MbarrierWait(uint32_t address, uint32_t parity) {
  Mbarrier& barrier = BarrierAt(address);
  if (parity > 1) Fail("a parity is 0 or 1");
  while (barrier.phase == parity) {
    barrier.sleepers.push_back(static_cast<int>(current));
    Sleep();
  }
}

void MbarrierTouch(uint32_t address, uint32_t parity) {
  if (parity > 1) Fail("a parity is 0 or 1");
  if (BarrierAt(address).phase == parity)
    Fail("a question about a phase that is not over may hold its warp back");
}

// ---- Copies ----

int EncodeMap(void* map, int type, uint32_t rank, void* address, const uint64_t* sizes,
              const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides, int interleave,
              int swizzle, int, int fill) {
  constexpr int kInvalidValue = 1;
  constexpr int kFp16 = 6, kBf16 = 9, kSwizzle128 = 3;
  if (reinterpret_cast<uintptr_t>(map) % 64 != 0 || reinterpret_cast<uintptr_t>(address) % 16 != 0)
    return kInvalidValue;
  if ((type != kFp16 && type != kBf16) || rank != 3 || interleave != 0 || swizzle != kSwizzle128 || fill != 0)
    return kInvalidValue;
  Map encoded = {reinterpret_cast<uint64_t>(address), {}, {}, {}, kMapMagic};
  for (int i = 0; i < 3; ++i) {
    if (sizes[i] < 1 || sizes[i] > uint64_t{1} << 32 || box[i] < 1 || box[i] > 256 || element_strides[i] != 1)
      return kInvalidValue;
    encoded.sizes[i] = sizes[i];
    encoded.box[i] = box[i];
  }
  for (int i = 0; i < 2; ++i) {
    if (strides[i] % 16 != 0 || strides[i] >= uint64_t{1} << 40) return kInvalidValue;
    encoded.strides[i] = strides[i];
  }
  if (box[0] * 2 > kRowBytes || box[0] % 8 != 0 || sizes[0] % 8 != 0) return kInvalidValue;
  std::memset(map, 0, sizeof(TensorMap));
  std::memcpy(map, &encoded, sizeof encoded);
  return 0;
}

void FenceProxyAsync() {
  std::memcpy(async_shared, SharedBase(), static_cast<size_t>(CurrentLaunch().shared_bytes));
}

void CopyBox(uint32_t to, const TensorMap& map, int column, int row, int head, uint32_t barrier) {
  BoxCopy copy = {to, {}, {column, row, head}, barrier};
  std::memcpy(&copy.map, &map, sizeof copy.map);
  if (copy.map.magic != kMapMagic) Fail("a copy by a tensor map that nobody encoded");
  if (to % 1024 != 0) Fail("a box under the 128-byte swizzle must start at a multiple of 1024 bytes");
  if (!BarrierAt(barrier).shown_to_copies) Fail("a copy counts at an mbarrier that it cannot see yet");
  const auto bytes = static_cast<size_t>(BoxBytes(copy.map));
  std::memset(SharedBytes(to, static_cast<int>(bytes), 1024), 0xff, bytes);
  std::memset(AsyncBytes(to, static_cast<int>(bytes), 1024), 0xff, bytes);
  const Landing landing = CurrentLaunch().landing;
  if (landing == Landing::kAtOnce || (landing == Landing::kShuffled && Random(2) == 0)) return Land(copy);
  copies.push_back(copy);
}

// ---- Products ----

void WgmmaFence() {
  WarpInstruction("wgmma.fence", nullptr, [](void**) { products[WarpOfCurrent()].fenced = true; });
}

void WgmmaIssue(const Product& product) {
  Product mine = product;
  WarpInstruction(
      product.a_reg == nullptr ? "wgmma.mma_async, A by descriptor" : "wgmma.mma_async, A in registers",
      &mine, [](void** slots) {
        const int warp = WarpOfCurrent();
        WarpProducts& of_warp = products[warp];
        if (!of_warp.fenced) Fail("a product before wgmma.fence: its registers may still be being written");
        IssuedProduct issued;
        for (int lane = 0; lane < kLanes; ++lane) {
          const Product& each = *static_cast<Product*>(slots[lane]);
          issued.lanes[lane] = each;
          const Product& first = issued.lanes[0];
          if (each.a != first.a || each.b != first.b || each.columns != first.columns ||
              each.add != first.add)
            Fail("the lanes of a warp disagree on a product");
          Registers& registers = of_warp.registers[each.d];
          if (registers.products++ == 0) registers.values.assign(each.d, each.d + each.columns / 2);
          for (int i = 0; i < each.columns / 2; ++i) each.d[i] = FloatOf(0xffffffff);
        }
        of_warp.open.push_back(issued);
        const Landing landing = CurrentLaunch().landing;
        if (landing == Landing::kAtOnce || (landing == Landing::kShuffled && Random(2) == 0))
          ComputeAll(&of_warp, warp);
      });
}

void WgmmaCommit() {
  WarpInstruction("wgmma.commit_group", nullptr, [](void**) {
    WarpProducts& of_warp = products[WarpOfCurrent()];
    of_warp.groups.push_back(std::move(of_warp.open));
    of_warp.open.clear();
  });
}

void WgmmaWait(int pending) {
  WarpInstruction("wgmma.wait_group", nullptr, [pending](void**) {
    const int warp = WarpOfCurrent();
    WarpProducts& of_warp = products[warp];
    of_warp.fenced = false;
    while (static_cast<int>(of_warp.groups.size()) > pending) {
      for (IssuedProduct& issued : of_warp.groups.front()) {
        Compute(&of_warp, warp, &issued);
        for (const Product& lane : issued.lanes) {
          const auto found = of_warp.registers.find(lane.d);
          if (--found->second.products > 0) continue;
          std::copy(found->second.values.begin(), found->second.values.end(), lane.d);
          of_warp.registers.erase(found);
        }
      }
      of_warp.groups.erase(of_warp.groups.begin());
    }
  });
}

}  // namespace emulation
