#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "inputs.h"

namespace peers {

// Forward attention of one sequence without a mask; all arrays are [heads, tokens, headDim].
struct Problem {
  int64_t heads;
  int64_t tokens;
  int64_t head_dim;
  std::vector<float> queries;
  std::vector<float> keys;
  std::vector<float> values;
  std::vector<float> output;

  Problem(int64_t heads, int64_t tokens, int64_t head_dim)
      : heads(heads),
        tokens(tokens),
        head_dim(head_dim),
        queries(NormalValues(1, heads * tokens * head_dim)),
        keys(NormalValues(2, heads * tokens * head_dim)),
        values(NormalValues(3, heads * tokens * head_dim)),
        output(queries.size()) {}

  double Flops() const { return 4.0 * heads * tokens * tokens * head_dim; }
  double Scale() const { return 1 / std::sqrt(static_cast<double>(head_dim)); }
};

// The norm of the output's error over the norm of the output, in double precision, from every `step`-th row.
inline double RelativeError(const Problem& problem, int64_t step) {
  const int64_t tokens = problem.tokens;
  const int64_t dim = problem.head_dim;
  double error = 0;
  double norm = 0;
  std::vector<double> weights(static_cast<size_t>(tokens));
  std::vector<double> expected(static_cast<size_t>(dim));
  for (int64_t row = 0; row < problem.heads * tokens; row += step) {
    const float* query = problem.queries.data() + row * dim;
    const float* keys = problem.keys.data() + row / tokens * tokens * dim;
    const float* values = problem.values.data() + row / tokens * tokens * dim;
    double largest = -INFINITY;
    for (int64_t t = 0; t < tokens; ++t) {
      double dot = 0;
      for (int64_t d = 0; d < dim; ++d) dot += static_cast<double>(query[d]) * keys[t * dim + d];
      weights[t] = dot * problem.Scale();
      largest = std::fmax(largest, weights[t]);
    }
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - largest);
    expected.assign(expected.size(), 0);
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t d = 0; d < dim; ++d) expected[d] += weights[t] / sum * values[t * dim + d];
    }
    for (int64_t d = 0; d < dim; ++d) {
      const double difference = problem.output[row * dim + d] - expected[d];
      error += difference * difference;
      norm += expected[d] * expected[d];
    }
  }
  return std::sqrt(error / norm);
}

}  // namespace peers
