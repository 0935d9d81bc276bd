export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** For an even number of values, the mean of the two middle ones. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The robust line of Theil and Sen: the median of the slopes of all pairs of points. Needs two different x. */
export function robustLine(points: readonly (readonly [number, number])[]): {
  slope: number;
  intercept: number;
} {
  const slope = median(
    points.flatMap(([x, y], index) =>
      points
        .slice(index + 1)
        .flatMap(([otherX, otherY]) => (otherX === x ? [] : [(otherY - y) / (otherX - x)])),
    ),
  );
  return { slope, intercept: median(points.map(([x, y]) => y - slope * x)) };
}
