import { BytesperError } from "../../base/errors.js";
import { suggestion } from "../../base/nearest-name.js";
import type { ModelShape, Tensor } from "../shape.js";
import type { Adapter, Targets } from "./config.js";
import type { Module } from "./modules.js";
import { modulesOf } from "./modules.js";

export interface AdapterTensors {
  tensors: Tensor[];
  notes: string[];
}

/** What stands before the layers in the names of transformers' classes. */
const PREFIXES = [
  "",
  "model.",
  "transformer.",
  "model.language_model.",
  "language_model.model.",
  "base_model.model.model.",
  "base_model.model.",
];

/** The trained tensors of an adapter for the model. Throws `USAGE` or `BAD_INPUT` if it adapts nothing. */
export function adapterTensors(model: ModelShape, adapter: Adapter): AdapterTensors {
  const modules = modulesOf(model);
  const notes = [...adapter.notes];
  const tensors: Tensor[] = [];
  const used = new Set<string>();
  for (const module of modules) {
    for (const { paths, copies } of groupsOf(module, model, adapter)) {
      const named = targetOf(module, paths, adapter, used);
      if (!named || isNamed(adapter.excluded ?? [], module, paths)) continue;
      const rank = rankOf(paths, adapter);
      tensors.push(...pair(module, rank, copies, adapter));
    }
  }
  const listed = [
    ...(Array.isArray(adapter.targets) ? (adapter.targets as string[]) : []),
    ...(adapter.parameters ?? []),
  ];
  const missed = listed.filter((name) => !used.has(name));
  if (tensors.length === 0)
    throw new BytesperError(
      "USAGE",
      `No matrix of ${model.family} is named by ${told(adapter.targets)}; its matrices are ${lastNames(modules).join(", ")}${suggestion(missed[0] ?? "", lastNames(modules))}.`,
    );
  if (missed.length > 0)
    notes.push(
      `The adapter also names ${missed.slice(0, 5).join(", ")}, which no matrix that is counted here is called.`,
    );
  if (
    adapter.targets === "all-linear" &&
    modules.some(({ kind, isParameter }) => kind === "router" || isParameter)
  )
    notes.push(
      "all-linear is counted without routers and without experts that are one tensor; versions of transformers whose routers are matrices adapt those too.",
    );
  if (model.tensors.some(({ name }) => name.startsWith("tower.")) && model.family !== "whisper")
    notes.push(
      "Matrices of towers for images and sound are not adapted in the count; an adapter that names them has more.",
    );
  return { tensors: [...tensors, ...besides(model, adapter, notes)], notes };
}

interface Group {
  /** Names of one of the modules, with each prefix. */
  paths: readonly string[];
  copies: number;
}

/** Layers are looked at one by one only where the adapter tells them apart. */
function groupsOf({ path, copies }: Module, model: ModelShape, adapter: Adapter): Group[] {
  const pathsAt = (layer: number): string[] =>
    PREFIXES.map((prefix) => prefix + path.replace("layers.*", `layers.${layer}`).replaceAll("*", "0"));
  const count = model.layers.length;
  if (!path.includes("layers.*") || !isByLayer(adapter)) return [{ paths: pathsAt(0), copies }];
  if (copies % count !== 0)
    throw new BytesperError(
      "BAD_INPUT",
      `The adapter names layers by their number, but the layers of ${model.family} differ, so its matrices cannot be counted from a config; count its tensors with estimate on adapter_model.safetensors.`,
    );
  return Array.from({ length: count }, (_, layer) => layer)
    .filter((layer) => adapter.layers === undefined || adapter.layers.includes(layer))
    .map((layer) => ({ paths: pathsAt(layer), copies: copies / count }));
}

function isByLayer({ layers, targets, parameters = [], ranks = [], excluded = [] }: Adapter): boolean {
  const texts = [
    ...[targets, excluded].flatMap((one) =>
      one instanceof RegExp ? one.source : typeof one === "string" ? [] : one,
    ),
    ...parameters,
    ...ranks.map(([pattern]) => pattern.source),
  ];
  return layers !== undefined || texts.some((text) => /(^|[.\]\\(|:?])\d+([.\\)|]|$)|\[\d/.test(text));
}

function targetOf(
  module: Module,
  paths: readonly string[],
  { targets, parameters = [] }: Adapter,
  used: Set<string>,
): boolean {
  if (module.isParameter) return named(parameters, paths, used);
  if (Array.isArray(targets)) return named(targets as readonly string[], paths, used);
  return isNamed(targets, module, paths);
}

function isNamed(targets: Targets, module: Module, paths: readonly string[]): boolean {
  if (targets === "all-linear") return module.kind === "linear" && !module.isParameter;
  if (targets instanceof RegExp) return paths.some((path) => targets.test(path));
  return named(targets, paths, new Set());
}

/** Names are ends of paths, at a dot. */
function named(names: readonly string[], paths: readonly string[], used: Set<string>): boolean {
  const found = names.filter((name) => paths.some((path) => path === name || path.endsWith(`.${name}`)));
  for (const name of found) used.add(name);
  return found.length > 0;
}

function rankOf(paths: readonly string[], { rank, ranks = [] }: Adapter): number {
  return ranks.find(([pattern]) => paths.some((path) => pattern.test(path)))?.[1] ?? rank;
}

function pair(
  { path, rows, columns, kind }: Module,
  rank: number,
  copies: number,
  adapter: Adapter,
): Tensor[] {
  // An embedding is read by rows, so its two matrices lie the other way round; the numbers are as many.
  return [
    { name: `${path}.lora_A`, shape: [rank, columns], copies },
    { name: `${path}.lora_B`, shape: [rows, rank], copies },
    ...(adapter.hasBias === true && kind !== "embedding"
      ? [{ name: `${path}.lora_B.bias`, shape: [rows], copies }]
      : []),
    ...(adapter.hasLengths === true
      ? [{ name: `${path}.lora_magnitude_vector`, shape: [kind === "embedding" ? columns : rows], copies }]
      : []),
  ];
}

/** What is trained as it is: whole modules, biases and single words. */
function besides(model: ModelShape, adapter: Adapter, notes: string[]): Tensor[] {
  const tensors: Tensor[] = [];
  const { vocabularySize, hiddenSize } = model;
  for (const name of adapter.saved ?? []) {
    const own = plainName(name);
    const found = model.tensors.filter((tensor) => tensor.name.split(".").includes(own));
    // A head that shares the embedding is copied, and then has its own numbers.
    if (found.length === 0 && own === "lm_head")
      tensors.push({ name: own, shape: [vocabularySize, hiddenSize], copies: 1 });
    else if (found.length === 0)
      notes.push(`modules_to_save names ${name}, which is not among the tensors that are counted.`);
    else tensors.push(...found);
  }
  if (adapter.biases === "all") tensors.push(...model.tensors.filter(({ name }) => name.endsWith(".bias")));
  if (adapter.biases === "lora_only")
    notes.push(
      "bias lora_only also trains the biases of the adapted matrices, where they have some; they are not counted.",
    );
  if (adapter.words !== undefined)
    tensors.push({ name: "trainable_tokens", shape: [adapter.words, hiddenSize], copies: 1 });
  return tensors;
}

function plainName(name: string): string {
  const last = name.split(".").at(-1) ?? name;
  if (/^(wte|word_embeddings|tok_embeddings|embed_in|shared|word_embedding)$/.test(last))
    return "embed_tokens";
  return /^(embed_out|output_layer|output)$/.test(last) ? "lm_head" : last === "classifier" ? "score" : last;
}

function lastNames(modules: readonly Module[]): string[] {
  return [
    ...new Set(
      modules.filter(({ kind }) => kind === "linear").map(({ path }) => path.split(".").at(-1) ?? ""),
    ),
  ];
}

function told(targets: Targets): string {
  if (targets instanceof RegExp) return "the pattern of target_modules";
  return typeof targets === "string" ? targets : targets.slice(0, 8).join(", ");
}
