import type { Tensor, WeightScheme } from "../shape.js";
import { elementsOf } from "../shape.js";
import type { TensorPart } from "./parts.js";
import { ModuleList, partOf } from "./parts.js";
import type { Storage } from "./storage.js";
import { storageText, storedBytes } from "./storage.js";

export interface SchemeTraits {
  name: string;
  /** Storage of a tensor that is quantised; undefined leaves it in the type of the model. */
  storage: Storage;
  /** Parts that are quantised. */
  parts: readonly TensorPart[];
  /** Modules that are not quantised, as the config names them. */
  except?: readonly string[];
  /** Storage of single modules in place of the one above; undefined leaves them whole. */
  single?: ReadonlyMap<string, Storage | undefined>;
  layers: number;
  /** Bytes of a number that is not quantised. */
  wholeBytes: number;
}

/** Matrices of layers; embedding, head, router and the towers for images and sound stay whole. */
export const LINEAR: readonly TensorPart[] = ["linear", "expert"];

export function schemeOf(traits: SchemeTraits): WeightScheme {
  const { name, storage, parts, layers, wholeBytes } = traits;
  const except = new ModuleList(traits.except ?? [], layers);
  const single = [...(traits.single ?? [])].map(
    ([module, own]) => [new ModuleList([module], layers), own] as const,
  );
  const bytesOf = (tensor: Tensor): number => {
    const whole = elementsOf(tensor) * wholeBytes;
    const part = partOf(tensor);
    const listed = single.filter(([list]) => list.shareOf(tensor) > 0);
    if (listed.length > 0 && part !== "other") return mixedBytes(tensor, listed, storage, whole);
    if (!parts.includes(part)) return whole;
    const share = except.shareOf(tensor);
    return share * whole + (1 - share) * storedBytes(tensor, storage);
  };
  return {
    name,
    formula: `${storageText(storage)} where quantised, ${wholeBytes} B elsewhere`,
    bytesOf: (tensor) => Math.ceil(bytesOf(tensor)),
  };
}

/** Copies of a tensor whose storage is given one by one; the rest has the usual one. */
function mixedBytes(
  tensor: Tensor,
  listed: readonly (readonly [ModuleList, Storage | undefined])[],
  usual: Storage,
  whole: number,
): number {
  let bytes = 0;
  let left = 1;
  for (const [list, own] of listed) {
    const share = Math.min(left, list.shareOf(tensor));
    bytes += share * (own === undefined ? whole : storedBytes(tensor, own));
    left -= share;
  }
  return bytes + left * storedBytes(tensor, usual);
}
