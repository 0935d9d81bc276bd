const TURN = 2 * Math.PI;

/**
 * Random numbers that depend only on the seed: Doty-Humphrey's "small fast counting" generator with 32 bits. Normal
 * numbers by Box and Muller.
 */
export class Random {
  #a: number;
  #b = 0x9e3779b9 | 0;
  #c = 0x243f6a88 | 0;
  #counter = 1;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#a = seed | 0;
    // After some steps, similar seeds give unrelated numbers.
    for (let step = 0; step < 16; step++) this.uniform();
  }

  /** In [0, 1). */
  uniform(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Standard normal. */
  normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = TURN * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * Fills the array with standard normal numbers. The generator is repeated here, because calls are expensive without
   * the optimising compilers.
   */
  fillNormal(target: Float32Array | Float64Array): void {
    let [a, b, c, counter] = [this.#a, this.#b, this.#c, this.#counter];
    for (let at = 0; at < target.length; at += 2) {
      const first = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + first) | 0;
      const second = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + second) | 0;
      const radius = Math.sqrt(-2 * Math.log(1 - (first >>> 0) / 2 ** 32));
      const angle = TURN * ((second >>> 0) / 2 ** 32);
      target[at] = radius * Math.cos(angle);
      if (at + 1 < target.length) target[at + 1] = radius * Math.sin(angle);
    }
    [this.#a, this.#b, this.#c, this.#counter] = [a, b, c, counter];
  }
}
