#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

// Attention in double precision, as the definition reads, and the distance of a result from it.

namespace emulation {

struct Shape {
  int batch;
  int heads;
  int kv_heads;
  int tokens;
  int head_dim;
  bool causal;
  double scale;

  size_t QueryCount() const { return static_cast<size_t>(batch) * heads * tokens * head_dim; }
  size_t KeyCount() const { return static_cast<size_t>(batch) * kv_heads * tokens * head_dim; }
  size_t RowCount() const { return static_cast<size_t>(batch) * heads * tokens; }
  size_t ScoreCount() const { return RowCount() * tokens; }
  // Row of K or V for key `key` of the head that holds query row `row`.
  size_t KeyRow(size_t row, int key) const {
    const size_t head = row / tokens;
    return (head / heads * kv_heads + head % heads / (heads / kv_heads)) * tokens + key;
  }
};

using Values = std::vector<double>;

inline Values ReferenceScores(const Shape& shape, const Values& q, const Values& k) {
  Values scores(shape.ScoreCount(), -std::numeric_limits<double>::infinity());
  for (size_t row = 0; row < shape.RowCount(); ++row) {
    const int keys = shape.causal ? static_cast<int>(row % shape.tokens) + 1 : shape.tokens;
    for (int key = 0; key < keys; ++key) {
      double sum = 0;
      for (int d = 0; d < shape.head_dim; ++d) {
        sum += q[row * shape.head_dim + d] * k[shape.KeyRow(row, key) * shape.head_dim + d];
      }
      scores[row * shape.tokens + key] = shape.scale * sum;
    }
  }
  return scores;
}

struct Probabilities {
  Values values;
  Values lse;
};

inline Probabilities ReferenceSoftmax(const Shape& shape, const Values& scores) {
  Probabilities result = {Values(scores.size()), Values(shape.RowCount())};
  for (size_t row = 0; row < shape.RowCount(); ++row) {
    const double* const from = scores.data() + row * shape.tokens;
    const double largest = *std::max_element(from, from + shape.tokens);
    double sum = 0;
    for (int key = 0; key < shape.tokens; ++key) sum += std::exp(from[key] - largest);
    for (int key = 0; key < shape.tokens; ++key) {
      result.values[row * shape.tokens + key] = std::exp(from[key] - largest) / sum;
    }
    result.lse[row] = largest + std::log(sum);
  }
  return result;
}

inline Values ReferenceValues(const Shape& shape, const Values& probabilities, const Values& v) {
  Values out(shape.QueryCount(), 0.0);
  for (size_t row = 0; row < shape.RowCount(); ++row) {
    for (int key = 0; key < shape.tokens; ++key) {
      const double probability = probabilities[row * shape.tokens + key];
      for (int d = 0; d < shape.head_dim; ++d) {
        out[row * shape.head_dim + d] += probability * v[shape.KeyRow(row, key) * shape.head_dim + d];
      }
    }
  }
  return out;
}

// |actual - wanted| / |wanted| in the 2-norm. Infinite where either is -inf alone or anything is NaN.
inline double RelativeError(const Values& actual, const Values& wanted) {
  double difference = 0;
  double size = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::isinf(wanted[i]) && actual[i] == wanted[i]) continue;
    if (!std::isfinite(actual[i]) || !std::isfinite(wanted[i]))
      return std::numeric_limits<double>::infinity();
    difference += (actual[i] - wanted[i]) * (actual[i] - wanted[i]);
    size += wanted[i] * wanted[i];
  }
  return size > 0 ? std::sqrt(difference / size) : std::sqrt(difference);
}

}  // namespace emulation
