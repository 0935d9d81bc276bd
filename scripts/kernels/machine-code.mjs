/**
 * What the sm90 kernels became: their instructions, read from the cubin of nvcc without a disassembler. An instruction
 * of sm_90 has 16 bytes, and the low 12 bits of the first word name it. The numbers were learned by compiling kernels
 * that hold one instruction each; an unknown compiler may change what surrounds them, not what they are.
 */
import { readFileSync } from "node:fs";

const TEXT = ".text.";

/** The machine code of each kernel of a 64-bit ELF file: pairs of 64-bit words. */
function kernelsOf(file) {
  const data = readFileSync(file);
  const word = (at) => Number(data.readBigUInt64LE(at));
  const table = word(0x28);
  const size = data.readUInt16LE(0x3a);
  const count = data.readUInt16LE(0x3c);
  const header = (index) => table + index * size;
  const names = word(header(data.readUInt16LE(0x3e)) + 0x18);
  const kernels = new Map();
  for (let index = 0; index < count; index++) {
    const at = header(index);
    const start = names + data.readUInt32LE(at);
    const name = data.toString("latin1", start, data.indexOf(0, start));
    if (!name.startsWith(TEXT)) continue;
    const [offset, bytes] = [word(at + 0x18), word(at + 0x20)];
    const code = [];
    for (let i = offset; i < offset + bytes; i += 16)
      code.push([data.readBigUInt64LE(i), data.readBigUInt64LE(i + 8)]);
    kernels.set(name.slice(TEXT.length), code);
  }
  return kernels;
}

/** The instruction in our words, or undefined where it is none of those that matter here. */
function named([low, high]) {
  const detail = Number((high >> 8n) & 0xffn);
  switch (Number(low & 0xfffn)) {
    case 0x308:
      return detail === 0x08 ? "EX2" : undefined;
    // A by descriptor, and in registers.
    case 0x9f0:
    case 0xdf0:
      return "HGMMA";
    case 0x9c5:
      // WARPGROUP.ARRIVE has no bit here; a wait has one, and the number of groups that may be under way.
      return (high & 0x10000n) === 0n ? undefined : `WAIT${detail}`;
    case 0x5b4:
      return "UTMALDG";
    default:
      return undefined;
  }
}

/**
 * How often each instruction must be there. A tile has three places with products: the first scores, a masked and an
 * unmasked step with scores and values, and the last values. Scores take kDim / 16 products, values kN / 16. The
 * producer copies Q once, K at two places and V at two; each copy is one box for 64 columns.
 */
function expected(name) {
  const wide = name.includes("_d128_full");
  const scores = name.includes("_d64_") ? 4 : 8;
  const values = wide ? 11 : 8;
  const boxes = name.includes("_d64_") ? 1 : 2;
  return { HGMMA: 3 * scores + 3 * values, UTMALDG: 5 * boxes };
}

/** Exponentials of one softmax: a lane's scores, and the factor of each of its two rows. */
function exponentials(name) {
  return (name.includes("_d128_full") ? 88 : 64) + 2;
}

/** Exponentials between the wait for the scores and the wait for the values, in each of the two steps. */
function underProducts(code) {
  const counts = [];
  let counting;
  for (const instruction of code) {
    const name = named(instruction);
    if (name === "WAIT1") counting = 0;
    if (name === "EX2" && counting !== undefined) counting++;
    if (name !== "WAIT0" || counting === undefined) continue;
    counts.push(counting);
    counting = undefined;
  }
  return counts;
}

/** Sentences about kernels whose machine code is another than intended, and one on what was read. */
export function machineCodeFaults(file) {
  const faults = [];
  const told = [];
  for (const [name, code] of kernelsOf(file)) {
    if (!name.startsWith("bytesper_flash_sm90_")) continue;
    const counts = new Map();
    for (const instruction of code) {
      const each = named(instruction);
      if (each !== undefined) counts.set(each, (counts.get(each) ?? 0) + 1);
    }
    for (const [instruction, count] of Object.entries(expected(name))) {
      const got = counts.get(instruction) ?? 0;
      if (got !== count) faults.push(`${name} must have ${count} ${instruction}, and has ${got}.`);
    }
    const under = underProducts(code);
    const wanted = exponentials(name);
    if (under.length !== 2 || under.some((count) => count < wanted))
      faults.push(
        `${name} must have ${wanted} EX2 before the last wait of each of its two steps, and has ${under.join(" and ")}: softmax would wait for the products.`,
      );
    told.push(`${name}: ${counts.get("HGMMA") ?? 0} HGMMA, EX2 before the last wait ${under.join(" and ")}`);
  }
  if (told.length === 0) faults.push("The cubin for sm_90a has no machine code of the sm90 kernels.");
  return { faults, told };
}
