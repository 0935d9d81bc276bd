import { bytesPerNumber, numberType } from "./dtype.js";
import type { WeightFormat } from "./quantization/named.js";
import { namedScheme } from "./quantization/named.js";
import { TOWER } from "./quantization/parts.js";
import type { ModelShape, WeightScheme } from "./shape.js";
import { elementsOf } from "./shape.js";

/** Bytes of a number that is not quantised; 2 if the config names no type. */
export function wholeBytesOf({ dtype }: Pick<ModelShape, "dtype">): number {
  const type = dtype === undefined ? undefined : numberType(dtype);
  return type === undefined ? 2 : bytesPerNumber(type);
}

/** How a model's weights are stored in a format that the user names; undefined if every number has the same type. */
export function schemeIn(model: ModelShape, format: WeightFormat): WeightScheme | undefined {
  return namedScheme(format, {
    layers: Math.max(1, model.layers.length),
    tied: !model.tensors.some(({ name }) => name.startsWith("lm_head.weight")),
    experts: model.tensors.some(({ name }) => name.includes(".experts.")),
    // Quantised checkpoints keep the rest in 16 bits, whatever the type before.
    wholeBytes: 2,
  });
}

/** Parameters of the towers for images and sound. */
export function towerParameters({ tensors }: ModelShape): number {
  return tensors.reduce((sum, tensor) => (tensor.name.startsWith(TOWER) ? sum + elementsOf(tensor) : sum), 0);
}
