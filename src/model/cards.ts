import { BytesperError } from "../base/errors.js";
import { suggestion } from "../base/nearest-name.js";

/** A graphics card by its name in shops and clouds. */
export interface Card {
  name: string;
  /** Memory as the maker states it. */
  memoryBytes: number;
  /**
   * What a program can have at most: the total that PyTorch printed, or `nvidia-smi` where `source` says so. It
   * is smaller, because the driver and error correction keep a part. Absent if no report was found.
   */
  usableBytes?: number;
  /** Where `usableBytes` was read. */
  source?: string;
}

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** `gib` is the maker's figure, `usable` the GiB of a public report. */
function card(name: string, gib: number, usable?: number, source?: string): Card {
  return {
    name,
    memoryBytes: gib * GIB,
    ...(usable === undefined ? {} : { usableBytes: Math.round(usable * GIB) }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Cards whose maker's figure counts powers of 1000, or is not what a program is given. */
function inMegabytes(name: string, gigabytes: number, usableMib: number, source: string): Card {
  return { name, memoryBytes: gigabytes * 1e9, usableBytes: usableMib * MIB, source };
}

const issue = (repository: string, number: number): string =>
  `PyTorch's message in github.com/${repository}/issues/${number}`;

/** Cards that reports of people name, with the memory that they have. */
export const CARDS: readonly Card[] = [
  card("B200", 180),
  inMegabytes("H200", 141, 143_771, "nvidia-smi"),
  card("H100-80GB", 80, 81_559 / 1024, "nvidia-smi"),
  card("H100-NVL", 94, 93, issue("ali-vilab/VACE", 56)),
  card("H800-80GB", 80, 81_559 / 1024, "nvidia-smi"),
  card("A100-80GB", 80, 79.15, issue("vllm-project/vllm", 4408)),
  card("A100-40GB", 40, 39.5, issue("TianheWu/CoSeR", 10)),
  card("A800-80GB", 80, 79.33, issue("hahnyuan/PB-LLM", 3)),
  card("L40S", 48, 44.42, issue("stepfun-ai/Step-Video-T2V", 8)),
  card("L40", 48, 44.4, issue("QwenLM/Qwen3-VL", 2097)),
  card("L20", 48),
  card("L4", 24),
  card("A40", 48),
  card("A30", 24, 23.53, issue("google/RB-Modulation", 5)),
  card("A10G", 24),
  card("A10", 24),
  card("T4", 16, 14.75, issue("hpcaitech/Open-Sora", 697)),
  card("V100-32GB", 32, 31.75, issue("uni-medical/SAM-Med3D", 8)),
  card("V100-16GB", 16, 15.78, issue("kchengiva/Shift-GCN", 34)),
  card("P100", 16),
  card("P40", 24, 22.38, issue("LinkSoul-AI/Chinese-Llama-2-7b", 56)),
  card("K80", 12),
  card("RTX-PRO-6000-Blackwell", 96),
  card("RTX-6000-Ada", 48),
  card("RTX-A6000", 48),
  card("RTX-A5000", 24),
  card("RTX-A4000", 16, 15.61, issue("DengKaiCQ/VGGT-Long", 6)),
  card("RTX-5090", 32, 31.36, issue("TrajectoryCrafter/TrajectoryCrafter", 20)),
  card("RTX-5080", 16),
  card("RTX-5070-Ti", 16),
  card("RTX-5070", 12),
  card("RTX-4090", 24, 23.64, issue("ali-vilab/VGen", 104)),
  card("RTX-4080", 16),
  card("RTX-4070-Ti", 12),
  card("RTX-4070", 12),
  card("RTX-4060-Ti-16GB", 16),
  card("RTX-4060-Ti", 8),
  card("RTX-4060", 8),
  card("RTX-3090", 24, 23.7, issue("GaoLii/DSP", 10)),
  card("RTX-3080-Ti", 12),
  card("RTX-3080", 10, 9.78, issue("zai-org/CogVideo", 34)),
  card("RTX-3070", 8),
  card("RTX-3060", 12),
  card("RTX-2080-Ti", 11),
  card("GTX-1080-Ti", 11),
  card("MI355X", 288),
  card("MI300X", 192),
  card("RX-7900-XTX", 24),
];

/** Names of all cards, for messages and completion. */
export const CARD_NAMES: readonly string[] = CARDS.map(({ name }) => name);

/** Names without a size of cards that are sold with one size only, or nearly so. */
const PLAIN: Record<string, string> = {
  h100: "h10080gb",
  h800: "h80080gb",
  a800: "a80080gb",
  h100sxm: "h10080gb",
  h100pcie: "h10080gb",
  h100nvl94gb: "h100nvl",
  h200141gb: "h200",
};

/**
 * The card of a name such as `RTX 4090`, `rtx4090`, `NVIDIA A100-SXM4-80GB` or `a100-80g`; undefined for any
 * other. A name that fits cards of two sizes (`A100`, `V100`) gives none: the user must say which.
 */
export function cardOf(name: string): Card | undefined {
  const wanted = key(name);
  const full = Object.hasOwn(PLAIN, wanted) ? PLAIN[wanted] : wanted;
  return CARDS.find((one) => key(one.name) === full || key(one.name).replace(/^(rtx|gtx|rx)/, "") === full);
}

/** Letters and digits only; without the words of makers, series and sockets. */
function key(name: string): string {
  return name
    .toLowerCase()
    .replace(/\b(nvidia|amd|geforce|tesla|instinct|radeon|quadro)\b/g, "")
    .replace(/[-_ ](sxm\d?|pcie|hbm\d?e?)\b/g, "")
    .replace(/[^a-z0-9]/g, "")
    .replace(/(\d)g$/, "$1gb")
    .replace(/^(l4|t4|l40s|l40|a10g|a10|a30|a40|p40|p100|h200)(24|16|48|141)gb$/, "$1");
}

/** Like `cardOf`, for arguments of users. Throws `USAGE` with the nearest name. */
export function parseCard(name: string): Card {
  const found = cardOf(name);
  if (found !== undefined) return found;
  const sizes = CARDS.filter((one) => key(one.name).startsWith(key(name)) && key(name).length >= 3);
  const end =
    sizes.length > 1
      ? `; it is sold as ${sizes.map((one) => one.name).join(" and ")}`
      : suggestion(name, CARD_NAMES);
  throw new BytesperError(
    "USAGE",
    `Expected --gpu to be a card that bytesper knows, but it is ${JSON.stringify(name.slice(0, 60))}${end}; or give its memory with --capacity, such as 23.6GiB.`,
  );
}

/** The bytes that a program can have on the card; the maker's figure where no report was found. */
export function capacityOf({ memoryBytes, usableBytes }: Card): number {
  return usableBytes ?? memoryBytes;
}

/** One sentence on where the capacity of a card comes from. */
export function capacityNote({ name, usableBytes, source }: Card): string {
  return usableBytes === undefined
    ? `The memory of ${name} is the maker's figure; a program gets a few percent less.`
    : `The memory of ${name} is the total that a program saw (${source ?? "reported"}).`;
}
