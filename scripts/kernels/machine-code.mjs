/** The instructions of the sm90 kernels, counted in the machine code that cuobjdump shows. */
import { findProgram } from "../setup/find-program.mjs";
import { runChild } from "../setup/run-child.mjs";

/**
 * How often each instruction must be there. A tile has three places with products: the first scores, a masked and an
 * unmasked step with scores and values, and the last values. Scores take kDim / 16 products, values 128 / 16 = 8. The
 * producer copies Q once, K at two places and V at two; each copy is one box for 64 columns.
 */
function expected(name) {
  const scores = name.includes("_d64_") ? 4 : 8;
  const boxes = name.includes("_d64_") ? 1 : 2;
  return { HGMMA: 3 * scores + 3 * 8, UTMALDG: 5 * boxes, USETMAXREG: 2, LDL: 0, STL: 0 };
}

/** Counts by kernel, from the text of cuobjdump -sass. */
function countInstructions(text) {
  const kernels = new Map();
  let counts;
  for (const line of text.split("\n")) {
    const name = /Function : (\w+)/.exec(line)?.[1];
    if (name !== undefined) kernels.set(name, (counts = new Map()));
    const instruction = /^\s*\/\*[0-9a-f]{4,}\*\/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)/.exec(line)?.[1];
    if (instruction !== undefined && counts !== undefined)
      counts.set(instruction, (counts.get(instruction) ?? 0) + 1);
  }
  return kernels;
}

/** Sentences about kernels whose machine code is another than intended, or why that cannot be seen here. */
export async function machineCodeFaults(file) {
  const program = findProgram(["cuobjdump", "/usr/local/cuda/bin/cuobjdump"]);
  if (program === undefined) return { skipped: "not read, there is no cuobjdump here" };
  let text = "";
  const { code } = await runChild(program, ["-sass", "-arch", "sm_90a", file], {
    stdio: ["ignore", "pipe", "pipe"],
    onOutput: (part) => (text += part),
  });
  if (code !== 0) return { faults: [`cuobjdump ended with ${code}.`], summary: "not read" };
  const faults = [];
  let seen = 0;
  for (const [name, counts] of countInstructions(text)) {
    if (!name.startsWith("bytesper_flash_sm90_")) continue;
    seen += 1;
    for (const [instruction, count] of Object.entries(expected(name))) {
      const got = counts.get(instruction) ?? 0;
      if (got !== count) faults.push(`${name} must have ${count} ${instruction}, and has ${got}.`);
    }
  }
  if (seen === 0) faults.push("The fat binary has no machine code of the sm90 kernels for sm_90a.");
  return { faults, summary: `${seen} kernels read` };
}
