/** Of numbers in any order; the nearest rank. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** With the places that a time of that size needs. */
export function milliseconds(value) {
  return value.toFixed(value < 1 ? 4 : value < 10 ? 2 : 1);
}
