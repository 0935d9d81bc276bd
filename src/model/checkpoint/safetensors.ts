import { open } from "node:fs/promises";
import { isObject } from "../fields.js";
import { HeaderReader, damaged } from "./bytes.js";
import type { Span, StoredTensor } from "./tensors.js";
import { elementCount, overlapOf } from "./tensors.js";

/** The library refuses longer headers (MAX_HEADER_SIZE in safetensors/src/tensor.rs). */
const MOST_HEADER = 100_000_000;

/** Bits of a number by the name that the format has for its type. */
const BITS: Record<string, number> = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F4: 4,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
};

/** Names, types, shapes and sizes of the tensors in a `.safetensors` file, from its header alone. */
export async function readSafetensors(path: string): Promise<StoredTensor[]> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const reader = new HeaderReader(file, path, size);
    const length = Number((await reader.take(8)).readBigUInt64LE());
    if (length > MOST_HEADER)
      throw damaged(
        path,
        `its header would have ${length} bytes, and no .safetensors file has more than ${MOST_HEADER}`,
      );
    if (length < 2 || length > size - 8)
      throw damaged(path, `its header has ${length} bytes, but only ${size - 8} follow`);
    const text = (await reader.take(length)).toString("utf8");
    return tensorsOf(path, text, size - 8 - length);
  } finally {
    await file.close();
  }
}

function tensorsOf(path: string, text: string, dataBytes: number): StoredTensor[] {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw damaged(path, "its header is not JSON");
  }
  if (!isObject(header)) throw damaged(path, "its header is no JSON object");
  const twice = repeated(topLevelNames(text));
  if (twice !== undefined)
    throw damaged(path, `its header has two tensors with the name ${JSON.stringify(twice.slice(0, 80))}`);
  const spans: Span[] = [];
  const tensors = Object.entries(header).flatMap(([name, entry]) =>
    name === "__metadata__" ? [] : [tensorOf(path, name, entry, dataBytes, spans)],
  );
  const overlap = overlapOf(spans);
  if (overlap !== undefined) throw damaged(path, overlap);
  return tensors;
}

function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function tensorOf(
  path: string,
  name: string,
  entry: unknown,
  dataBytes: number,
  spans: Span[],
): StoredTensor {
  const called = `the tensor ${JSON.stringify(name.slice(0, 80))}`;
  if (!isObject(entry)) throw damaged(path, `${called} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const isCounts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((value) => Number.isSafeInteger(value) && value >= 0);
  if (typeof dtype !== "string") throw damaged(path, `${called} has no dtype`);
  if (!isCounts(shape)) throw damaged(path, `${called} has no shape of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) throw damaged(path, `${called} has no two data_offsets`);
  const [begin = 0, end = 0] = offsets;
  if (begin > end) throw damaged(path, `${called} ends before it begins`);
  if (end > dataBytes) throw damaged(path, `${called} ends at ${end} of ${dataBytes} bytes of data`);
  const bits = Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
  const bytes = end - begin;
  if (bits !== undefined && bytes !== Math.ceil((elementCount(shape) * bits) / 8))
    throw damaged(
      path,
      `${called} has ${bytes} bytes, which ${dtype} numbers of the shape ${shape.join(" x ")} do not take`,
    );
  spans.push({ name, begin, end });
  return { name, type: dtype, shape, bytes };
}

/** Names at the top of a JSON object in the order of the text; JSON.parse drops the first of two equal ones. */
function topLevelNames(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [found] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    if (found === "{" || found === "[") depth++;
    else if (found === "}" || found === "]") depth--;
    else if (depth === 1 && found.endsWith(":")) names.push(JSON.parse(found.replace(/\s*:$/, "")) as string);
  }
  return names;
}
