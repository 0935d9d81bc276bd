import { basename } from "node:path";
import { selectDevice } from "../../device/index.js";
import { BytesperError } from "../../base/errors.js";
import type { AttentionImplementation, Logits, WeightFormat } from "../../model/index.js";
import { modelOf, readModelFile } from "../../model/index.js";
import type { Tokenizer } from "../tokenizer.js";
import { openTokenizer, ROUGH_TOKENIZER } from "../tokenizer.js";
import { DEFAULT_MODEL } from "./default-model.js";
import type { Workload } from "./generate.js";
import { generateTranscript } from "./generate.js";
import type { Simulation } from "./simulate.js";
import { simulateContext } from "./simulate.js";
import type { Transcript } from "./transcript.js";
import { readTranscripts } from "./transcript.js";

export interface SimulationRequest {
  policy: readonly string[];
  /** A file of conversations; the default is generated ones. */
  transcript?: string;
  conversation?: string;
  workload: Workload;
  turns: number;
  /** A config.json; the default is Qwen2.5-3B. */
  model?: string;
  capacityBytes: number;
  attention: AttentionImplementation;
  logits: Logits;
  dtype?: WeightFormat;
  /** The device and time for measured attention; with `capBytes`, the device was already checked. */
  measure?: { device: string; instructionSet?: string; budgetMs: number; capBytes?: number };
  seed: number;
  signal?: AbortSignal;
  notice: (sentence: string) => void;
}

/** Most memory that measured attention takes of this machine. */
const MEASURE_CAP_BYTES = 4 * 2 ** 30;

export async function runSimulation(
  request: SimulationRequest,
): Promise<{ simulation: Simulation; shown: string }> {
  const { policy, capacityBytes, attention, logits, dtype, signal, notice } = request;
  if (policy.length === 0) throw new BytesperError("USAGE", "There is no policy to simulate; name one.");
  const tokenizer = await tokenizerOrRough(notice);
  const model =
    request.model === undefined ? modelOf(DEFAULT_MODEL.config) : await readModelFile(request.model);
  const transcripts = await transcriptsOf(request, tokenizer);
  const measure = await measureOf(request);
  const simulation = await simulateContext({
    policies: [...new Set(policy)],
    transcripts,
    tokenizer,
    model,
    modelName:
      request.model === undefined ? DEFAULT_MODEL.name : basename(request.model).replace(/\.json$/, ""),
    capacityBytes,
    attention,
    logits,
    ...(dtype === undefined ? {} : { dtype }),
    ...(measure === undefined ? {} : { measure }),
    ...(signal === undefined ? {} : { signal }),
  });
  const longest = transcripts.reduce((a, b) => (generations(b) > generations(a) ? b : a));
  return { simulation, shown: longest.id };
}

/** The exact tokenizer, or an approximate one, with a notice. */
async function tokenizerOrRough(notice: (sentence: string) => void): Promise<Tokenizer> {
  try {
    return await openTokenizer();
  } catch (error) {
    if (!(error instanceof BytesperError)) throw error;
    notice(`Tokens are counted as a quarter of the characters: ${error.message}`);
    return ROUGH_TOKENIZER;
  }
}

async function transcriptsOf(request: SimulationRequest, tokenizer: Tokenizer): Promise<Transcript[]> {
  const { transcript: path, conversation, workload, turns, seed } = request;
  if (path === undefined) {
    if (conversation === undefined) return [generateTranscript({ workload, turns, seed, tokenizer })];
    throw new BytesperError("USAGE", "--conversation names one of a file's; give --transcript FILE with it.");
  }
  const all = await readTranscripts(path);
  if (conversation === undefined) return all;
  const found = all.filter(({ id }) => id === conversation);
  if (found.length > 0) return found;
  throw new BytesperError(
    "BAD_CONVERSATIONS",
    `${path} has no conversation ${JSON.stringify(conversation)}; its first is ${JSON.stringify(all[0]?.id)}.`,
  );
}

/** Checks a device that was not checked yet. The CPU needs no check, because its kernels need no driver. */
async function measureOf({
  measure,
  seed,
}: SimulationRequest): Promise<
  { device: string; instructionSet: string; capBytes: number; budgetMs: number; seed: number } | undefined
> {
  if (measure === undefined) return undefined;
  const { device, instructionSet = "", budgetMs, capBytes } = measure;
  if (device === "cpu" || capBytes !== undefined) {
    const free = Math.floor(process.availableMemory() / 2);
    const cap = Math.min(MEASURE_CAP_BYTES, capBytes ?? free);
    return { device, instructionSet, capBytes: cap, budgetMs, seed };
  }
  const selected = await selectDevice(device);
  return {
    ...{ device: selected.device, instructionSet: selected.instructionSet, capBytes: selected.capBytes },
    ...{ budgetMs, seed },
  };
}

function generations({ messages }: Transcript): number {
  return messages.filter(({ role }) => role === "assistant").length;
}
