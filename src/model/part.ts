import type { Layer, Tensor } from "./shape.js";

export interface PartTensor {
  /** Name without the prefix of the layer. */
  name: string;
  shape: readonly number[];
  copies?: number;
}

/** A part of a layer: its tensors and what it caches. */
export interface Part extends Layer {
  tensors: readonly PartTensor[];
}

export function linear(name: string, output: number, input: number, bias = false, copies = 1): PartTensor[] {
  return [
    { name: `${name}.weight`, shape: [output, input], copies },
    ...(bias ? [{ name: `${name}.bias`, shape: [output], copies }] : []),
  ];
}

export type NormKind = "rms" | "layer" | "layer-without-bias" | "none";

export function norm(name: string, kind: NormKind, width: number): PartTensor[] {
  if (kind === "none") return [];
  const weight = { name: `${name}.weight`, shape: [width] };
  return kind === "layer" ? [weight, { name: `${name}.bias`, shape: [width] }] : [weight];
}

export function joined(parts: readonly Part[]): Part {
  return Object.assign({}, ...parts, { tensors: parts.flatMap(({ tensors }) => tensors) }) as Part;
}

/** Tensors of all layers; equal tensors of different layers become copies of one. */
export function tensorsOfLayers(parts: readonly Part[], prefix: string): Tensor[] {
  const merged = new Map<string, Tensor>();
  for (const { tensors } of parts) {
    for (const { name, shape, copies = 1 } of tensors) {
      const key = `${name} ${shape.join(" ")}`;
      const known = merged.get(key);
      if (known === undefined) merged.set(key, { name: `${prefix}.*.${name}`, shape, copies });
      else known.copies += copies;
    }
  }
  return [...merged.values()];
}

/** A product of two narrow matrices with a bias behind it, or without. */
export function lowRank(
  name: string,
  output: number,
  input: number,
  rank: number,
  bias: boolean,
): PartTensor[] {
  return [...linear(`${name}.down`, rank, input), ...linear(`${name}.up`, output, rank, bias)];
}
