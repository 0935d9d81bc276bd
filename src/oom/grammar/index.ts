import { cupy, onnxruntime, paddle } from "./arrays.js";
import { general, generalKill } from "./general.js";
import { ggml } from "./ggml.js";
import type { Grammar } from "./grammar.js";
import { jvm } from "./jvm.js";
import { kernel } from "./kernel.js";
import { node } from "./node.js";
import { python } from "./python.js";
import { grammarsOf } from "./framework.js";
import { pytorchAsync, pytorchCpu, pytorchMps } from "./pytorch-backends.js";
import { pytorchBare } from "./pytorch-bare.js";
import { pytorch } from "./pytorch.js";
import { SPOKEN } from "./spoken-frameworks.js";
import { streamExecutor, tensorflowBfc, tensorflowNameless, tensorflowTensor } from "./tensorflow.js";
import { vllm } from "./vllm.js";
import { xla } from "./xla.js";

/** If several grammars share a needle, they are tried in this order; the one that states more comes first. */
export const GRAMMARS: readonly Grammar[] = [
  vllm,
  pytorchMps,
  pytorchAsync,
  pytorchCpu,
  pytorch,
  cupy,
  onnxruntime,
  paddle,
  streamExecutor,
  tensorflowTensor,
  tensorflowBfc,
  xla,
  ggml,
  tensorflowNameless,
  node,
  kernel,
  jvm,
  pytorchBare,
  python,
  ...SPOKEN.flatMap((framework) => grammarsOf(framework)),
  general,
  generalKill,
];
