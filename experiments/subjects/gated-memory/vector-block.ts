const FIRST_ROWS = 4;

/** The nearest rows, best first. The next search overwrites the arrays. */
export interface Neighbours {
  count: number;
  index: Int32Array;
  similarity: Float64Array;
}

/**
 * Vectors of length 1 in one Float32Array, with exact search: every row is compared. The array doubles when it is
 * full, so up to half of its rows are spare (of the first four, up to three).
 */
export class VectorBlock {
  readonly dimension: number;
  size = 0;
  #numbers = new Float32Array(0);
  readonly #found: Neighbours;

  constructor(dimension: number, mostNeighbours: number) {
    this.dimension = dimension;
    this.#found = {
      count: 0,
      index: new Int32Array(mostNeighbours),
      similarity: new Float64Array(mostNeighbours),
    };
  }

  get capacity(): number {
    return this.#numbers.length / this.dimension;
  }

  row(index: number): Float32Array {
    return this.#numbers.subarray(index * this.dimension, (index + 1) * this.dimension);
  }

  /** Inserts a vector before the row with that index. */
  insert(index: number, vector: Float32Array): void {
    if (this.size === this.capacity) this.#resize(Math.max(FIRST_ROWS, 2 * this.size));
    const at = index * this.dimension;
    this.#numbers.copyWithin(at + this.dimension, at, this.size * this.dimension);
    this.#numbers.set(vector, at);
    this.size++;
  }

  remove(index: number): void {
    const at = index * this.dimension;
    this.#numbers.copyWithin(at, at + this.dimension, this.size * this.dimension);
    this.size--;
  }

  /** Removes all rows and releases their memory. */
  clear(): void {
    this.size = 0;
    this.#resize(0);
  }

  /** The rows with the largest dot products; the constructor sets how many. */
  nearest(vector: Float32Array): Neighbours {
    const found = this.#found;
    const { index, similarity } = found;
    const most = index.length;
    let count = 0;
    for (let row = 0; row < this.size; row++) {
      const value = this.#dot(row, vector);
      if (count === most && value <= (similarity[most - 1] as number)) continue;
      let place = count < most ? count++ : most - 1;
      while (place > 0 && (similarity[place - 1] as number) < value) {
        similarity[place] = similarity[place - 1] as number;
        index[place] = index[place - 1] as number;
        place--;
      }
      similarity[place] = value;
      index[place] = row;
    }
    found.count = count;
    return found;
  }

  /** Eight products at a time: without the optimising compilers, the loop itself takes as long as the products. */
  #dot(row: number, vector: Float32Array): number {
    const numbers = this.#numbers;
    const { dimension } = this;
    let at = row * dimension;
    let sum = 0;
    let place = 0;
    for (; place + 8 <= dimension; place += 8, at += 8) {
      sum +=
        (numbers[at] as number) * (vector[place] as number) +
        (numbers[at + 1] as number) * (vector[place + 1] as number) +
        (numbers[at + 2] as number) * (vector[place + 2] as number) +
        (numbers[at + 3] as number) * (vector[place + 3] as number) +
        (numbers[at + 4] as number) * (vector[place + 4] as number) +
        (numbers[at + 5] as number) * (vector[place + 5] as number) +
        (numbers[at + 6] as number) * (vector[place + 6] as number) +
        (numbers[at + 7] as number) * (vector[place + 7] as number);
    }
    for (; place < dimension; place++, at++) sum += (numbers[at] as number) * (vector[place] as number);
    return sum;
  }

  #resize(rows: number): void {
    const larger = new Float32Array(rows * this.dimension);
    larger.set(this.#numbers.subarray(0, this.size * this.dimension));
    this.#numbers = larger;
  }
}
