import { isObject } from "../fields.js";
import type { WeightScheme } from "../shape.js";
import {
  FP8_ROWS,
  INT8_ROWS,
  MXFP4,
  NF4,
  NF4_DOUBLE,
  NVFP4,
  affine,
  fp8Blocks,
  withZeros,
} from "./formats.js";
import type { TensorPart } from "./parts.js";
import { LINEAR, schemeOf } from "./scheme.js";
import type { Storage } from "./storage.js";

export interface QuantizationSource {
  /** The object that describes the quantisation. */
  values: Record<string, unknown>;
  /** Whether it is MLX's object `quantization`, which has fields of its own. */
  mlx: boolean;
  layers: number;
  wholeBytes: number;
}

export interface Quantization {
  scheme?: WeightScheme;
  notes: string[];
}

interface Read {
  name: string;
  storage: Storage;
  parts?: readonly TensorPart[];
  except?: readonly string[];
  single?: ReadonlyMap<string, Storage | undefined>;
  notes?: string[];
}

/** How a config says that its weights are stored. */
export function quantizationOf({ values, mlx, layers, wholeBytes }: QuantizationSource): Quantization {
  const method = mlx ? "mlx" : methodOf(values);
  const read = mlx ? readMlx(values) : READERS[method]?.(values);
  if (read === undefined) {
    const bits = statedBits(values);
    const called = `The weights are quantised by ${JSON.stringify(method.slice(0, 60))}, which bytesper does not know`;
    if (bits === undefined)
      return {
        notes: [
          `${called}: their bytes are those of unquantised weights, which is an upper bound; give --dtype.`,
        ],
      };
    const scheme = schemeOf({
      name: `${method.slice(0, 60)}, ${bits} bit`,
      storage: { bits },
      parts: LINEAR,
      except: [],
      layers,
      wholeBytes,
    });
    return {
      scheme,
      notes: [
        `${called}: ${bits} bits a number of its matrices are taken from the config, without tables or scales beside them.`,
      ],
    };
  }
  const { name, storage, parts = LINEAR, except = [], single, notes = [] } = read;
  const scheme = schemeOf({
    name,
    storage,
    parts,
    except,
    ...(single === undefined ? {} : { single }),
    layers,
    wholeBytes,
  });
  return { scheme, notes: [...notes, ...cacheNote(values)] };
}

/** Bits a number, as methods without a reader state them; AQLM and its like share codes among several numbers. */
function statedBits(values: Record<string, unknown>): number | undefined {
  const { bits, nbits_per_codebook: code, num_codebooks: books, in_group_size: group } = values;
  const isCount = (value: unknown): value is number =>
    typeof value === "number" && value > 0 && value <= 65_536;
  if (isCount(code) && isCount(books) && isCount(group)) return (code * books) / group;
  return isCount(bits) && bits <= 16 ? bits : undefined;
}

function methodOf(values: Record<string, unknown>): string {
  const { quant_method: method, quant_algo: algorithm, load_in_4bit: four, load_in_8bit: eight } = values;
  if (typeof method === "string" && method !== "") return method.toLowerCase().replace(/-/g, "_");
  if (typeof algorithm === "string") return "modelopt";
  if (isObject(values.quantization)) return "modelopt";
  if (four === true || eight === true) return "bitsandbytes";
  // quantize_config.json of AutoGPTQ names no method.
  if (typeof values.desc_act === "boolean") return "gptq";
  if (typeof values.bits === "number" && typeof values.mode === "string") return "mlx";
  return typeof values.bits === "number" ? "gptq" : "no name";
}

type Reader = (values: Record<string, unknown>) => Read | undefined;

const gptq: Reader = (values) => {
  const bits = wholeOf(values.bits ?? values.w_bit ?? values.wbits);
  if (bits === undefined) return undefined;
  const storage = withZeros(bits, groupOf(values.group_size ?? values.q_group_size));
  // Every column has the number of its group, in 32 bits.
  return {
    name: `gptq ${bits} bit`,
    storage: { ...storage, columnBytes: 4 },
    except: names(values, "modules_in_block_to_quantize_except", "modules_to_not_convert"),
    single: dynamicOf(values.dynamic),
  };
};

const awq: Reader = (values) => {
  const bits = wholeOf(values.bits ?? values.w_bit) ?? 4;
  const group = groupOf(values.group_size ?? values.q_group_size ?? 128);
  const zeros = values.zero_point !== false && values.sym !== true;
  const storage = withZeros(bits, group);
  return {
    name: `awq ${bits} bit`,
    storage: zeros ? storage : { ...storage, groupBytes: 2 },
    except: names(values, "modules_to_not_convert"),
  };
};

const bitsandbytes: Reader = (values) => {
  const except = names(values, "llm_int8_skip_modules");
  if (values.load_in_8bit === true || values._load_in_8bit === true)
    return { name: "bitsandbytes int8", storage: INT8_ROWS, except };
  const kind = typeof values.bnb_4bit_quant_type === "string" ? values.bnb_4bit_quant_type : "nf4";
  return {
    name: `bitsandbytes ${kind}`,
    storage: values.bnb_4bit_use_double_quant === true ? NF4_DOUBLE : NF4,
    except,
  };
};

const fp8: Reader = (values) => {
  const block = values.weight_block_size;
  const [rows, columns] = Array.isArray(block) ? (block as unknown[]) : [];
  const except = names(values, "modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules");
  return {
    name: "fp8",
    storage: typeof rows === "number" && typeof columns === "number" ? fp8Blocks(rows, columns) : FP8_ROWS,
    except,
  };
};

const compressedTensors: Reader = (values) => {
  const groups = isObject(values.config_groups) ? Object.values(values.config_groups).filter(isObject) : [];
  const stores = groups.flatMap((group) => {
    const storage = groupStorage(group);
    const targets = Array.isArray(group.targets) ? group.targets.filter(isText) : [];
    return storage === undefined ? [] : [{ storage, targets }];
  });
  const general = stores.find(({ targets }) => targets.length === 0 || targets.includes("Linear"));
  const [first] = stores;
  if (first === undefined) return undefined;
  const single = new Map<string, Storage | undefined>();
  for (const { storage, targets } of stores) {
    for (const target of targets) if (target !== "Linear") single.set(target, storage);
  }
  const sparsity = isObject(values.sparsity_config) ? values.sparsity_config : {};
  const format = typeof sparsity.format === "string" ? sparsity.format : "dense";
  return {
    name: `compressed-tensors ${first.storage.bits} bit`,
    storage: (general ?? first).storage,
    parts: general === undefined ? [] : LINEAR,
    except: names(values, "ignore"),
    ...(single.size === 0 ? {} : { single }),
    notes:
      format === "dense"
        ? []
        : [`The weights are also stored as sparse (${format}): their bytes are an upper bound.`],
  };
};

/** `weights` of a group: how many bits, and what shares a scale. */
function groupStorage({ weights, format }: Record<string, unknown>): Storage | undefined {
  if (!isObject(weights)) return undefined;
  const bits = wholeOf(weights.num_bits);
  if (bits === undefined) return undefined;
  if (bits === 16) return { bits };
  const group = groupOf(weights.group_size);
  const block = Array.isArray(weights.block_structure) ? (weights.block_structure as unknown[]) : [];
  const [rows, columns] = block;
  if (bits === 4 && weights.type === "float")
    return group === 32 || format === "mxfp4-pack-quantized" ? MXFP4 : NVFP4;
  if (typeof rows === "number" && typeof columns === "number") return fp8Blocks(rows, columns);
  if (group === undefined) return { bits, rowBytes: 2 };
  return { bits, group, groupBytes: weights.symmetric === false ? 2 + bits / 8 : 2 };
}

const modelopt: Reader = (values) => {
  const inner = isObject(values.quantization) ? values.quantization : values;
  const algorithm = typeof inner.quant_algo === "string" ? inner.quant_algo.toUpperCase() : "";
  const except = names(inner, "exclude_modules", "ignore", "modules_to_not_convert");
  const single = new Map<string, Storage | undefined>();
  if (isObject(inner.quantized_layers)) {
    for (const [module, own] of Object.entries(inner.quantized_layers)) {
      const storage = isObject(own) ? modeloptStorage(String(own.quant_algo).toUpperCase(), own) : undefined;
      if (storage !== undefined) single.set(module, storage);
    }
    if (single.size > 0) {
      const [first] = single.values();
      return { name: "modelopt, mixed", storage: first ?? NVFP4, parts: [], except, single };
    }
  }
  const storage = modeloptStorage(algorithm, inner);
  if (storage === undefined) return isObject(values.config_groups) ? compressedTensors(values) : undefined;
  return { name: `modelopt ${algorithm.toLowerCase()}`, storage, except };
};

function modeloptStorage(algorithm: string, values: Record<string, unknown>): Storage | undefined {
  const group = groupOf(values.group_size);
  if (algorithm.startsWith("NVFP4")) return NVFP4;
  if (algorithm.startsWith("MXFP4") || algorithm.startsWith("W4A8_MXFP4")) return MXFP4;
  if (algorithm.startsWith("W4A16") || algorithm.startsWith("W4A8"))
    return { bits: 4, group: group ?? 128, groupBytes: 2 };
  if (algorithm.startsWith("W8A") || algorithm === "INT8_SQ") return { bits: 8, rowBytes: 4 };
  if (algorithm.startsWith("MXFP8")) return { bits: 8, group: 32, groupBytes: 1 };
  if (algorithm === "FP8_PB_WO" || algorithm.startsWith("FP8_BLOCK")) return fp8Blocks(128, 128);
  return algorithm.startsWith("FP8") ? FP8_ROWS : undefined;
}

/** gpt-oss: only the experts, in one tensor for all of them. */
const mxfp4: Reader = (values) => ({
  name: "mxfp4",
  storage: MXFP4,
  parts: ["expert"],
  except: names(values, "modules_to_not_convert"),
});

const READERS: Record<string, Reader> = {
  gptq,
  gptq_marlin: gptq,
  auto_round: gptq,
  auto_gptq: gptq,
  intel_auto_round: gptq,
  awq,
  awq_marlin: awq,
  bitsandbytes,
  fp8,
  fbgemm_fp8: fp8,
  finegrained_fp8: fp8,
  deepseek_fp8: fp8,
  compressed_tensors: compressedTensors,
  modelopt,
  modelopt_fp4: modelopt,
  mxfp4,
  eetq: () => ({ name: "eetq int8", storage: { bits: 8, rowBytes: 2 } }),
  bitnet: () => ({ name: "bitnet", storage: { bits: 2 } }),
  quark: (values) => {
    const config = isObject(values.global_quant_config) ? values.global_quant_config : {};
    const weights = isObject(config.weight) ? config.weight : {};
    const kind = String(weights.dtype);
    const storage = kind === "fp4" ? MXFP4 : kind.startsWith("fp8") ? FP8_ROWS : undefined;
    return storage === undefined
      ? undefined
      : { name: `quark ${kind}`, storage, except: names(values, "exclude") };
  },
  hqq: (values) => {
    const config = isObject(values.quant_config) ? values.quant_config : {};
    const weights = isObject(config.weight_quant_params) ? config.weight_quant_params : {};
    const bits = wholeOf(weights.nbits);
    if (bits === undefined) return undefined;
    return {
      name: `hqq ${bits} bit`,
      storage: { bits, group: groupOf(weights.group_size) ?? 64, groupBytes: 4 },
      except: names(values, "skip_modules"),
    };
  },
  torchao: (values) => {
    const text = JSON.stringify(values.quant_type ?? "").toLowerCase();
    const storage = /int4/.test(text)
      ? withZeros(4, 128)
      : /int8/.test(text)
        ? INT8_ROWS
        : /float8|fp8/.test(text)
          ? FP8_ROWS
          : undefined;
    return storage === undefined ? undefined : { name: "torchao", storage };
  },
  mlx: (values) => readMlx(values),
};

/** MLX also stores embedding and head so; single modules may have other bits, or none. */
function readMlx(values: Record<string, unknown>): Read | undefined {
  const storage = mlxStorage(values);
  if (storage === undefined) return undefined;
  const single = new Map<string, Storage | undefined>();
  for (const [module, own] of Object.entries(values)) {
    if (isObject(own)) single.set(module, mlxStorage({ ...own, mode: own.mode ?? values.mode }));
    else if (own === false && module.includes(".")) single.set(module, undefined);
  }
  return {
    name: `mlx ${storage.bits} bit`,
    storage,
    parts: ["linear", "expert", "embedding", "head", "router"],
    ...(single.size === 0 ? {} : { single }),
  };
}

function mlxStorage({ bits, group_size: size, mode }: Record<string, unknown>): Storage | undefined {
  const width = wholeOf(bits);
  const group = groupOf(size) ?? 64;
  if (width === undefined) return undefined;
  if (mode === "mxfp4" || mode === "mxfp8") return { bits: width, group: 32, groupBytes: 1 };
  return mode === "nvfp4" ? NVFP4 : affine(width, group);
}

/** `dynamic` of GPTQModel: patterns with a sign before them, `-:` for modules that stay whole. */
function dynamicOf(value: unknown): ReadonlyMap<string, Storage | undefined> {
  const single = new Map<string, Storage | undefined>();
  if (!isObject(value)) return single;
  for (const [key, own] of Object.entries(value)) {
    const module = `re:${key.replace(/^[+-]:/, "")}`;
    if (key.startsWith("-:")) single.set(module, undefined);
    else if (isObject(own)) {
      const bits = wholeOf(own.bits);
      if (bits !== undefined) single.set(module, withZeros(bits, groupOf(own.group_size) ?? 128));
    }
  }
  return single;
}

/** Where the file also says how the cache is stored. */
function cacheNote(values: Record<string, unknown>): string[] {
  const inner = isObject(values.quantization) ? values.quantization : values;
  const scheme = inner.kv_cache_scheme ?? inner.kv_cache_quant_algo;
  if (scheme === null || scheme === undefined || scheme === false) return [];
  const bits = isObject(scheme) ? wholeOf(scheme.num_bits) : /8/.test(JSON.stringify(scheme)) ? 8 : undefined;
  return bits === 8
    ? ["The checkpoint has scales for a key/value cache in 8 bits; --kv-dtype fp8 gives its size."]
    : [];
}

function names(values: Record<string, unknown>, ...keys: string[]): string[] {
  return keys.flatMap((key) => {
    const value = values[key];
    return Array.isArray(value) ? value.filter(isText) : [];
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function wholeOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 16
    ? value
    : undefined;
}

/** -1 and null mean one group a row. */
function groupOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 2 ** 20
    ? value
    : undefined;
}
