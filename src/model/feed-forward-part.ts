import type { Part, PartTensor } from "./part.js";
import { linear } from "./part.js";

export interface DenseTraits {
  /** True for gate, up and down; false for up and down. */
  gated?: boolean;
  bias?: boolean;
  name?: string;
}

/** One feed-forward block for all tokens. */
export function densePart(hiddenSize: number, intermediate: number, traits: DenseTraits = {}): Part {
  const { gated = true, bias = false, name = "mlp" } = traits;
  const inputs = gated ? ["gate_proj", "up_proj"] : ["up_proj"];
  return {
    feedForward: dense(intermediate, gated),
    tensors: [
      ...inputs.flatMap((input) => linear(`${name}.${input}`, intermediate, hiddenSize, bias)),
      ...linear(`${name}.down_proj`, hiddenSize, intermediate, bias),
    ],
  };
}

/**
 * A gated block holds the activated gate, the other half and their product at the same time; a plain block
 * holds two.
 */
function dense(intermediate: number, gated: boolean): NonNullable<Part["feedForward"]> {
  const held = gated ? 3 : 2;
  return { width: held * intermediate, formula: `${held} x ${intermediate.toLocaleString("en-US")}` };
}

export interface ExpertTraits {
  experts: number;
  expertsPerToken: number;
  intermediate: number;
  gated?: boolean;
  bias?: boolean;
  routerBias?: boolean;
  /** One number for each expert that shifts the choice (DeepSeek-V3 and its successors). */
  choiceBias?: boolean;
  /** Width of the block that all tokens use in addition to their experts; 0 for none. */
  shared?: number;
  /** A learned gate (one number) on the shared block (Qwen). */
  sharedGate?: boolean;
  /** One tensor for all experts with gate and up together, as some checkpoints store them. */
  fused?: boolean;
  /** Experts work on vectors of this width, between two projections (Nemotron-H). */
  latent?: number | undefined;
}

/** A mixture of experts. All experts are in memory; each token uses `expertsPerToken` of them. */
export function expertsPart(hiddenSize: number, traits: ExpertTraits): Part {
  const { experts, expertsPerToken, intermediate, gated = true, shared = 0, latent } = traits;
  const width = latent ?? hiddenSize;
  const inputs = gated ? ["gate_proj", "up_proj"] : ["up_proj"];
  const routed = dense(intermediate, gated);
  const beside = shared === 0 ? undefined : dense(shared, gated);
  return {
    feedForward: {
      width: expertsPerToken * routed.width + (beside?.width ?? 0),
      formula: `${expertsPerToken} experts x ${routed.formula}${beside === undefined ? "" : ` + ${beside.formula}`}`,
    },
    tensors: [
      ...linear("mlp.gate", experts, hiddenSize, traits.routerBias === true),
      ...(traits.choiceBias === true ? [{ name: "mlp.gate.e_score_correction_bias", shape: [experts] }] : []),
      ...(traits.fused === true ? fusedExperts(width, traits) : singleExperts(width, inputs, traits)),
      ...(shared === 0 ? [] : densePart(hiddenSize, shared, { gated, name: "mlp.shared_expert" }).tensors),
      ...(traits.sharedGate === true ? linear("mlp.shared_expert_gate", 1, hiddenSize) : []),
      ...(latent === undefined
        ? []
        : [
            ...linear("mlp.fc1_latent_proj", latent, hiddenSize),
            ...linear("mlp.fc2_latent_proj", hiddenSize, latent),
          ]),
    ],
  };
}

function singleExperts(width: number, inputs: readonly string[], traits: ExpertTraits): PartTensor[] {
  const { experts, intermediate, bias = false } = traits;
  return [
    ...inputs.flatMap((input) => linear(`mlp.experts.*.${input}`, intermediate, width, bias, experts)),
    ...linear("mlp.experts.*.down_proj", width, intermediate, bias, experts),
  ];
}

function fusedExperts(width: number, { experts, intermediate, bias = false }: ExpertTraits): PartTensor[] {
  return [
    { name: "mlp.experts.gate_up_proj", shape: [experts, 2 * intermediate, width] },
    { name: "mlp.experts.down_proj", shape: [experts, width, intermediate] },
    ...(bias
      ? [
          { name: "mlp.experts.gate_up_proj_bias", shape: [experts, 2 * intermediate] },
          { name: "mlp.experts.down_proj_bias", shape: [experts, width] },
        ]
      : []),
  ];
}
