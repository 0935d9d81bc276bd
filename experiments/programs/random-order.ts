/** The items in an order that depends only on the seed (Fisher-Yates with a linear congruential generator). */
export function inRandomOrder<T>(items: readonly T[], seed: number): T[] {
  const order = [...items];
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let left = order.length; left > 1; left--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const at = Math.floor((state / 2 ** 32) * left);
    [order[left - 1], order[at]] = [order[at] as T, order[left - 1] as T];
  }
  return order;
}
