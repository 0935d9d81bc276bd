import { expect, test } from "vitest";
import { Random } from "../../../../experiments/subjects/gated-memory/random.js";
import { VectorBlock } from "../../../../experiments/subjects/gated-memory/vector-block.js";

function randomVector(random: Random, dimension: number): Float32Array {
  const vector = new Float32Array(dimension);
  random.fillNormal(vector);
  return vector;
}

test.each([1, 3, 8, 11, 64])("the nearest are those of a sort over all, in %i dimensions", (dimension) => {
  const random = new Random(dimension);
  const block = new VectorBlock(dimension, 6);
  const vectors: Float32Array[] = [];
  for (let index = 0; index < 40; index++) {
    const vector = randomVector(random, dimension);
    const at = Math.floor(random.uniform() * (vectors.length + 1));
    vectors.splice(at, 0, vector);
    block.insert(at, vector);
    if (index % 5 === 4) {
      const gone = Math.floor(random.uniform() * vectors.length);
      vectors.splice(gone, 1);
      block.remove(gone);
    }
    const query = randomVector(random, dimension);
    const sorted = vectors
      .map((each, row) => ({
        row,
        product: each.reduce((sum, x, place) => sum + x * (query[place] ?? 0), 0),
      }))
      .sort((a, b) => b.product - a.product)
      .slice(0, 6);
    const { count, index: rows, similarity } = block.nearest(query);
    expect([...rows.subarray(0, count)]).toEqual(sorted.map(({ row }) => row));
    for (const [place, { product }] of sorted.entries()) expect(similarity[place]).toBeCloseTo(product, 4);
  }
});

test("of equal products the first row is the nearest", () => {
  const block = new VectorBlock(2, 2);
  for (let index = 0; index < 3; index++) block.insert(index, Float32Array.of(1, 0));
  expect([...block.nearest(Float32Array.of(1, 0)).index]).toEqual([0, 1]);
});

test("room doubles from four rows and goes when all is forgotten", () => {
  const block = new VectorBlock(2, 1);
  const room = [block.capacity];
  for (let index = 0; index < 9; index++) {
    block.insert(index, Float32Array.of(index, 0));
    room.push(block.capacity);
  }
  expect(room).toEqual([0, 4, 4, 4, 4, 8, 8, 8, 8, 16]);
  block.clear();
  expect([block.size, block.capacity]).toEqual([0, 0]);
  expect(block.nearest(Float32Array.of(1, 0)).count).toBe(0);
});
