// Runs the kernels of flash_sm90.cuh on the emulated machine and compares with double precision. What the
// machine does in the background comes as late as it may, at once, or by chance: see hopper_emulation.h.
//
// npm run kernels -- --check compiles and runs it.

#include "elements.cuh"
#include "flash_sm90.cuh"
#include "problem.h"
#include "tensor_maps.h"

namespace {

using attention::AttentionSm90Params;
using Sm90Kernel = void (*)(const AttentionSm90Params&);

template <class T>
void CheckFlash(const Case& with, Problem<T>& problem, const char* name, Sm90Kernel full, Sm90Kernel causal) {
  const std::string whole_name = std::string(name) + (with.shape.causal ? "_causal" : "_full");
  const attention::FlashKernel* listed = nullptr;
  for (const attention::FlashKernel& kernel : attention::kFlashSm90Kernels) {
    if (whole_name == kernel.name) listed = &kernel;
  }
  if (listed == nullptr) Record(whole_name + " (is not in launch.h)", 1, 0);
  if (listed == nullptr || with.shape.head_dim > listed->headDim) return;

  AttentionSm90Params params = {};
  params.attention = problem.Params();
  const bool with_lse = with.seed % 3 != 0;
  if (!with_lse) params.attention.lse = nullptr;
  if (EncodeSm90Maps(EncodeMap, listed->tile, std::is_same_v<T, Bf16>, &params) != 0)
    return Record(whole_name + " (tensor maps)", 1, 0);
  problem.out.FillWithNan();
  problem.lse.FillWithNan();
  // From one block, which takes all tiles, to more blocks than tiles.
  const long long tiles =
      attention::FlashBlocks(listed->tile, params.attention.tokens, with.shape.batch, with.shape.heads);
  const unsigned blocks = with.seed % 4 == 3 ? static_cast<unsigned>(tiles) + 1 : 1 + with.seed % 4;
  Run({{blocks, 1, 1}, listed->tile.threads, listed->tile.sharedBytes, with.order, with.landing, with.seed},
      [&] { (with.shape.causal ? causal : full)(params); });
  Record(whole_name, RelativeError(problem.out.Read(), problem.wanted), Limit<T>());
  if (with_lse)
    Record("  its lse: " + whole_name, RelativeError(problem.lse.Read(), problem.wanted_lse), 1e-5);
  if (!problem.ZonesUntouched()) Record(whole_name + " (guard zones)", 1, 0);
}

#define FLASH_SM90_PAIR(name, T, kDim) \
  "bytesper_flash_sm90_" #name, attention::FlashSm90<T, kDim, false>, attention::FlashSm90<T, kDim, true>

void CheckCase(const Case& with) {
#ifndef BYTESPER_FEWER
  Problem<Fp16> half(with);
  if (with.shape.head_dim <= 64) {
    CheckFlash(with, half, FLASH_SM90_PAIR(fp16_d64, Fp16, 64));
  } else {
    CheckFlash(with, half, FLASH_SM90_PAIR(fp16_d128, Fp16, 128));
  }
#endif
  Problem<Bf16> bfloat(with);
  if (with.shape.head_dim <= 64) {
    CheckFlash(with, bfloat, FLASH_SM90_PAIR(bf16_d64, Bf16, 64));
  } else {
    CheckFlash(with, bfloat, FLASH_SM90_PAIR(bf16_d128, Bf16, 128));
  }
}

std::vector<Case> AllCases() {
  struct Heads {
    int batch, heads, kv_heads;
  };
  constexpr Heads kHeads[] = {{2, 1, 1}, {1, 4, 2}, {1, 3, 1}, {2, 2, 1}};
  std::vector<Case> cases;
  uint64_t seed = 0;
  const auto add = [&](int tokens, int head_dim, bool causal) {
    const Heads heads = kHeads[seed % 4];
    // Plain, another scale, large scores.
    const int flavour = static_cast<int>(seed / 2 % 3);
    const double scale = flavour == 1 ? 0.31 : 1.0 / std::sqrt(head_dim);
    const Shape shape = {heads.batch, heads.heads, heads.kv_heads,           tokens,
                         head_dim,    causal,      static_cast<float>(scale)};
    cases.push_back({shape, flavour == 2 ? 4.0 : 1.0, seed, static_cast<Order>(seed % 3),
                     static_cast<Landing>(seed / 3 % 3)});
    ++seed;
  };
  // About the edges of warps, warpgroups, tiles of 128 and 192 rows, and blocks of 128 keys.
  for (const int head_dim : {64, 128}) {
    for (const int tokens : {1, 2, 17, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 257, 384, 385}) {
      for (const bool causal : {false, true}) add(tokens, head_dim, causal);
    }
  }
  for (const int head_dim : {16, 48, 80, 112}) {
    for (const bool causal : {false, true}) add(200, head_dim, causal);
  }
  // More blocks of keys than stages, in every order with every landing.
  for (int order = 0; order < 3; ++order) {
    for (int landing = 0; landing < 3; ++landing) {
      for (const bool causal : {false, true}) {
        for (const int head_dim : {64, 128}) {
          add(700 + 17 * order, head_dim, causal);
          cases.back().order = static_cast<Order>(order);
          cases.back().landing = static_cast<Landing>(landing);
          cases.back().shape.batch = cases.back().shape.heads = cases.back().shape.kv_heads = 1;
        }
      }
    }
  }
  std::stable_sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
    return a.shape.ScoreCount() * a.shape.head_dim > b.shape.ScoreCount() * b.shape.head_dim;
  });
  return cases;
}

// ---- What the machine itself must notice, shown on small programs ----

// S = A B^T of two matrices [64, 64] and [128, 64] that ordinary stores put into shared memory. Products read
// by the asynchronous proxy, so a fence between the proxies must follow the stores.
constexpr int kMatrixBytes = (64 + 128) * 128;

void ProductOfStores(bool fenced, float* sums) {
  const int thread = static_cast<int>(threadIdx.x);
  for (int i = thread; i < (64 + 128) * 64; i += 128) {
    const int row = i / 64, column = i % 64;
    char* const at = attention::SharedBase() + row * 128 + ((column / 8 ^ row % 8) * 16) + column % 8 * 2;
    const uint16_t one = Fp16::Narrow(column == 0 ? static_cast<float>(row % 64) : 0.0f);
    std::memcpy(at, &one, 2);
  }
  if (fenced) {
    FenceProxyAsync();
  }
  __syncthreads();
  float d[64] = {};
  attention::WgmmaFence();
  const uint32_t smem = attention::SharedAddress(attention::SharedBase());
  attention::WgmmaTransposedFp16(d, attention::Sm90Matrix(smem, 0), attention::Sm90Matrix(smem + 64 * 128, 0),
                                 false);
  attention::WgmmaCommit();
  attention::WgmmaWait<0>();
  std::copy(d, d + 64, sums + thread * 64);
}

void CheckProxies() {
  Values wanted;
  for (int thread = 0; thread < 128; ++thread) {
    for (int i = 0; i < 64; ++i) {
      const int row = thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8;
      const int column = i / 4 * 8 + thread % 4 * 2 + i % 2;
      wanted.push_back(row * (column % 64));
    }
  }
  for (const bool fenced : {true, false}) {
    std::vector<float> sums(128 * 64);
    Run({{1, 1, 1}, 128, kMatrixBytes, Order::kShuffled, Landing::kAtOnce, 1},
        [&] { ProductOfStores(fenced, sums.data()); });
    const double error = RelativeError(Values(sums.begin(), sums.end()), wanted);
    Record(fenced ? "machine: stores, fence, product" : "machine: a missing fence shows",
           (error < 1e-6) == fenced ? 0 : 1, 1);
  }
}

// Whether a program stands still, or ends, in a child.
bool StandsStill(int give_back, int take) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) == nullptr) std::_Exit(2);
    Run({{1, 1, 1}, 384, 1024, Order::kShuffled, Landing::kAtOnce, 1},
        [&] { emulation::SetRegisters(threadIdx.x < 128 ? give_back : take, threadIdx.x >= 128); });
    std::_Exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status != 0;
}

// Of 384 threads, each starts with 168 registers: 64,512 in all, and 65,536 is more than the launch has.
void CheckRegisterPool() {
  Record("machine: 40 and 232 of 168 registers go", StandsStill(40, 232) ? 1 : 0, 1);
  Record("machine: 48 and 232 of 168 stand still", StandsStill(48, 232) ? 0 : 1, 1);
}

void CheckMachine() {
  current_case = "no case";
  CheckProxies();
  CheckRegisterPool();
}

}  // namespace

int main(int count, char** arguments) {
  return CheckAll(count, arguments, AllCases(), CheckCase, CheckMachine);
}
