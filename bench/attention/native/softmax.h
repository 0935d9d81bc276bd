#pragma once

#include <cstdint>

namespace peers {

// Replaces each score by exp(score - largest) and answers the sum of these: the division by it is left to the
// rows of the output, which are shorter.
float SoftmaxNumerators(float* scores, int64_t count);

void Scale(float* values, int64_t count, float factor);

}  // namespace peers
