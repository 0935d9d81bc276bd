import { HEADS, HEAD_DIM } from "./inputs.mjs";

/**
 * The norm of the output's error over the norm of the output, against attention in float64, from every
 * `step`-th row. The inputs are [HEADS, tokens, HEAD_DIM], the output [tokens, HEADS, HEAD_DIM].
 */
export function relativeError({ queries, keys, values }, output, tokens, step) {
  let error = 0;
  let norm = 0;
  for (let row = 0; row < HEADS * tokens; row += step) {
    const head = Math.floor(row / tokens);
    const start = head * tokens * HEAD_DIM;
    const query = queries.subarray(row * HEAD_DIM, (row + 1) * HEAD_DIM);
    const expected = attentionRow(query, keys.subarray(start), values.subarray(start), tokens);
    const place = ((row % tokens) * HEADS + head) * HEAD_DIM;
    for (let d = 0; d < HEAD_DIM; d += 1) {
      error += (output[place + d] - expected[d]) ** 2;
      norm += expected[d] ** 2;
    }
  }
  return Math.sqrt(error / norm);
}

function attentionRow(query, keys, values, tokens) {
  const weights = new Float64Array(tokens);
  for (let token = 0; token < tokens; token += 1) {
    let dot = 0;
    for (let d = 0; d < HEAD_DIM; d += 1) dot += query[d] * keys[token * HEAD_DIM + d];
    weights[token] = dot / Math.sqrt(HEAD_DIM);
  }
  const largest = weights.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  const row = new Float64Array(HEAD_DIM);
  for (let token = 0; token < tokens; token += 1) {
    const weight = Math.exp(weights[token] - largest);
    sum += weight;
    for (let d = 0; d < HEAD_DIM; d += 1) row[d] += weight * values[token * HEAD_DIM + d];
  }
  return row.map((value) => value / sum);
}
