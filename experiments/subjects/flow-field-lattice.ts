/** Columns of the lattice. A flow at (x, y) is in column floor(x) + WIDTH * floor(y). */
export const WIDTH = 32;
export const HEIGHT = 24;
export const COLUMNS = WIDTH * HEIGHT;

/** Share of its sideways velocity that a flow keeps in each step. */
export const KEPT = 0.6;
/** Sideways noise of a step: each component is uniform in -NOISE to NOISE, in columns. */
export const NOISE = 0.5;
/** Largest drift of the lattice in columns a step. */
export const DRIFT = 0.05;
/** If movement spawns, a flow that moves farther sideways in one step than this many columns is a parent. */
export const SPAWN_MOVEMENT = 0.9;

/** A position mirrored at 0 and at `size`, as often as necessary. */
export function reflected(position: number, size: number): number {
  const period = 2 * size;
  const folded = ((position % period) + period) % period;
  return folded > size ? period - folded : folded;
}

/** The column of a position inside the lattice. The far edges belong to the last columns. */
export function columnOf(x: number, y: number): number {
  return Math.min(WIDTH - 1, Math.floor(x)) + WIDTH * Math.min(HEIGHT - 1, Math.floor(y));
}

/** The next state of a generator of 32 bits that is never 0 (Marsaglia's xorshift, 13-17-5). */
export function nextRandom(state: number): number {
  let next = state;
  next ^= next << 13;
  next ^= next >>> 17;
  return next ^ (next << 5);
}

/** A first state of the generator that depends only on the seed. */
export function randomStart(seed: number): number {
  return (Math.imul(seed + 1, 0x9e3779b9) ^ 0x5bd1e995) | 1;
}

/** Drift of each column: two vortices whose positions depend on the seed. Flows collect at some borders. */
export function driftOf(seed: number): { x: Float32Array; y: Float32Array } {
  const x = new Float32Array(COLUMNS);
  const y = new Float32Array(COLUMNS);
  const phase = (randomStart(seed) >>> 0) / 2 ** 32;
  for (let column = 0; column < COLUMNS; column++) {
    const across = 2 * Math.PI * ((column % WIDTH) / WIDTH + phase);
    const along = 2 * Math.PI * (Math.floor(column / WIDTH) / HEIGHT + phase);
    x[column] = DRIFT * Math.sin(along);
    y[column] = DRIFT * Math.cos(across);
  }
  return { x, y };
}
