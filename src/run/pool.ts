/**
 * Runs `work` over the items, at most `slots` at a time, in their order. Stops starting new ones when `stop`
 * says so; what is under way is awaited.
 */
export async function inSlots<T>(
  items: readonly T[],
  slots: number,
  work: (item: T) => Promise<void>,
  stop: () => boolean,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !stop()) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(slots, items.length) }, worker));
}
