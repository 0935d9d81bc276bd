/**
 * Moves `target` towards `other` by `share` and scales it to length 1. If the sum has no direction, nothing changes.
 */
export function blend(target: Float32Array, other: Float32Array, share: number): void {
  let squares = 0;
  for (let at = 0; at < target.length; at++) {
    const mixed = (1 - share) * (target[at] as number) + share * (other[at] as number);
    squares += mixed * mixed;
  }
  const length = Math.sqrt(squares);
  if (length < 1e-12) return;
  for (let at = 0; at < target.length; at++)
    target[at] = ((1 - share) * (target[at] as number) + share * (other[at] as number)) / length;
}

/** Writes the direction of `from` to `to`. Throws a `RangeError` if the lengths differ or there is no direction. */
export function toUnitLength(from: Float32Array, to: Float32Array): void {
  if (from.length !== to.length)
    throw new RangeError(`an embedding must have ${to.length} numbers, not ${from.length}`);
  let squares = 0;
  for (let at = 0; at < from.length; at++) squares += (from[at] as number) ** 2;
  const length = Math.sqrt(squares);
  if (!(length > 0 && length < Number.POSITIVE_INFINITY))
    throw new RangeError(`an embedding must have a direction; its length is ${length}`);
  for (let at = 0; at < from.length; at++) to[at] = (from[at] as number) / length;
}
