/** Most objects that are looked at; the instances of one population are much alike. */
const MOST_OBJECTS = 50_000;

export interface ViewWaste {
  /** Bytes of array buffers that no view of the instances shows. */
  bytes: number;
  buffers: number;
}

/**
 * Finds array buffers of which the instances use a part alone: a small Buffer keeps its whole slab of
 * `Buffer.poolSize` alive. A heap snapshot does not tell how long a view is, so the objects themselves are
 * walked. No getter is called, and what lies in closures and private fields is not found.
 */
export function viewWaste(instances: readonly unknown[]): ViewWaste {
  const ranges = new Map<ArrayBufferLike, [start: number, end: number][]>();
  const seen = new Set<object>();
  const stack: unknown[] = [...instances];
  while (stack.length > 0 && seen.size < MOST_OBJECTS) {
    const value = stack.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteOffset, byteLength } = value;
      const own = ranges.get(buffer) ?? [];
      own.push([byteOffset, byteOffset + byteLength]);
      ranges.set(buffer, own);
    } else if (value instanceof ArrayBuffer) ranges.set(value, [[0, value.byteLength]]);
    else if (value instanceof Map) for (const entry of value) stack.push(...entry);
    else if (value instanceof Set) for (const entry of value) stack.push(entry);
    else for (const own of ownValues(value)) stack.push(own);
  }
  let bytes = 0;
  let buffers = 0;
  for (const [buffer, own] of ranges) {
    const unused = buffer.byteLength - covered(own);
    if (unused <= 0) continue;
    bytes += unused;
    buffers++;
  }
  return { bytes, buffers };
}

function ownValues(value: object): unknown[] {
  try {
    return Object.values(Object.getOwnPropertyDescriptors(value)).map(({ value: own }) => own as unknown);
  } catch {
    // A proxy may refuse.
    return [];
  }
}

/** Bytes in the union of ranges. */
function covered(ranges: [start: number, end: number][]): number {
  let bytes = 0;
  let last = 0;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    bytes += Math.max(0, end - Math.max(start, last));
    last = Math.max(last, end);
  }
  return bytes;
}
