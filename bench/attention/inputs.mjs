export const HEADS = 16;
export const HEAD_DIM = 128;

/** Queries, keys and values [HEADS, tokens, HEAD_DIM], as in native/inputs.h, bit for bit. */
export function attentionInputs(tokens) {
  const [queries, keys, values] = [1, 2, 3].map((seed) => normalValues(seed, HEADS * tokens * HEAD_DIM));
  return { queries, keys, values };
}

export function normalValues(seed, count) {
  const mixed = mix(seed);
  return Float32Array.from({ length: count }, (_, index) => normal(mixed, index));
}

/** The sum of eight uniform numbers of 16 bits, scaled to mean 0 and variance 1. */
function normal(seed, index) {
  let sum = (-8 * 65535) / 2;
  for (let part = 0; part < 4; part += 1) {
    const bits = mix(seed ^ mix((4 * index + part) | 0));
    sum += (bits & 0xffff) + (bits >>> 16);
  }
  return sum * INVERSE_DEVIATION;
}

/** As a float, as the product of two floats rounds once in either language. */
const INVERSE_DEVIATION = Math.fround(1 / Math.fround(53509.85));

function mix(x) {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** [HEADS, tokens, HEAD_DIM] to [tokens, HEADS, HEAD_DIM]. */
export function tokensFirst(array, tokens) {
  const out = new Float32Array(array.length);
  for (let head = 0; head < HEADS; head += 1) {
    for (let token = 0; token < tokens; token += 1) {
      const row = (head * tokens + token) * HEAD_DIM;
      out.set(array.subarray(row, row + HEAD_DIM), (token * HEADS + head) * HEAD_DIM);
    }
  }
  return out;
}
