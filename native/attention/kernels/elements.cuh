#pragma once

#include "numeric.cuh"
#include "params.h"
#include "rough_normal.h"

// Element-wise kernels, striding over the grid.

namespace bytesper::attention {

template <class Visit>
__device__ __forceinline__ void ForEachElement(long long count, Visit visit) {
  const long long stride = static_cast<long long>(gridDim.x) * gridDim.y * blockDim.x;
  const long long block = blockIdx.x + static_cast<long long>(blockIdx.y) * gridDim.x;
  for (long long i = block * blockDim.x + threadIdx.x; i < count; i += stride) visit(i);
}

template <class In, class Out>
__device__ __forceinline__ void Convert(const ElementParams& params) {
  const typename In::Element* in_gmem = static_cast<const typename In::Element*>(params.in);
  typename Out::Element* out_gmem = static_cast<typename Out::Element*>(params.out);
  ForEachElement(params.count, [&](long long i) { out_gmem[i] = Out::Narrow(In::Widen(in_gmem[i])); });
}

template <class Out>
__device__ __forceinline__ void FillNormal(const ElementParams& params) {
  typename Out::Element* out_gmem = static_cast<typename Out::Element*>(params.out);
  ForEachElement(params.count, [&](long long i) {
    out_gmem[i] = Out::Narrow(RoughlyNormal(params.seed, static_cast<unsigned long long>(i)));
  });
}

}  // namespace bytesper::attention
