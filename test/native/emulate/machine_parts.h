#pragma once

#include "cuda_emulation.h"

// What the files of the emulated machine share with each other.

namespace emulation {

inline constexpr int kLanes = 32;
inline constexpr int kMostSharedBytes = 227 * 1024;
inline constexpr int kMostThreads = 512;

[[noreturn]] void Fail(const char* what);
uint32_t Random(uint32_t below);
const Launch& CurrentLaunch();

// `bytes` of shared memory at an address as kernels see it.
char* SharedBytes(uint32_t address, int bytes, int alignment);

// The running thread waits until another one, or the end of a copy, calls Wake for it.
void Sleep();
void Wake(int thread);

// Gathers the lanes of a warp, which must agree on `name`; the last to arrive performs `act` on all their
// slots.
void WarpInstruction(const char* name, void* slot, const std::function<void(void**)>& act);

// ---- hopper_machine.cc, as the scheduler sees it ----

void StartHopperBlock();
void EndHopperBlock();
// Lets a copy in the background land; false where none is under way.
bool LandOneCopy();
bool CopiesUnderWay();

}  // namespace emulation
