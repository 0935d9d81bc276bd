/** What ptxas says of each kernel under -Xptxas -v, and what the sm90 kernels must not do. */

/** One entry a kernel and target, in the order of the report. */
export function reportOfCompiler(text) {
  const images = [];
  for (const line of text.split("\n")) {
    const entry = /Compiling entry function '(\w+)' for '(\w+)'/.exec(line);
    if (entry !== null) images.push({ name: entry[1], target: entry[2], spillBytes: 0, stackBytes: 0 });
    const image = images.at(-1);
    if (image === undefined) continue;
    const spills = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (spills !== null) {
      image.stackBytes = Number(spills[1]);
      image.spillBytes = Number(spills[2]) + Number(spills[3]);
    }
    const registers = /Used (\d+) registers/.exec(line);
    if (registers !== null) image.registers = Number(registers[1]);
  }
  return images;
}

const SM90 = /^bytesper_flash_sm90_/;
const SM90_KERNELS = 8;

/**
 * Sentences about sm90 kernels that spill, use a stack, are missing, or whose products the compiler made wait for each
 * other; empty where all is well. Registers at launch are 65,536 over the threads, in steps of 8: setmaxnreg counts
 * from there.
 */
export function sm90Faults(images, report) {
  const ours = images.filter(({ name, target }) => SM90.test(name) && target === "sm_90a");
  const faults = [];
  if (ours.length !== SM90_KERNELS)
    faults.push(`There must be ${SM90_KERNELS} sm90 kernels for sm_90a, and there are ${ours.length}.`);
  for (const { name, spillBytes, stackBytes, registers } of ours) {
    if (spillBytes > 0 || stackBytes > 0)
      faults.push(`${name} must not use local memory; it spills ${spillBytes} bytes, stack ${stackBytes}.`);
    const atLaunch = name.includes("_d64_") ? 128 : 168;
    if (registers !== atLaunch)
      faults.push(`${name} must start with ${atLaunch} registers, not ${registers}.`);
  }
  for (const line of report.split("\n")) {
    // C7508: setmaxnreg ignored. C7510 and its neighbours: products wait for each other.
    if (/C7508|C751\d.*serializ|setmaxnreg.*ignored|wgmma.*serializ/i.test(line)) faults.push(line.trim());
  }
  return faults;
}

/** Blackwell would else compile all of the PTX at load, which takes long on the user's machine. */
const TARGETS = ["sm_75", "sm_80", "sm_90a", "sm_100", "sm_120"];

/** Sentences about targets without an image, and about images with fewer kernels than the others. */
export function targetFaults(images) {
  const counts = TARGETS.map((target) => images.filter((image) => image.target === target).length);
  const most = Math.max(...counts);
  return TARGETS.flatMap((target, index) =>
    counts[index] === most ? [] : [`${target} must have ${most} kernels, and has ${counts[index]}.`],
  );
}

/** With more registers a thread, fewer than three blocks of decode fit a processor, and its loads are not hidden. */
const DECODE_REGISTERS = 168;

/** Sentences about kernels of decode that take too many registers or spill. */
export function decodeFaults(images) {
  return images
    .filter(({ name }) => /^bytesper_decode_(fp16|bf16)_/.test(name))
    .filter(({ registers, spillBytes }) => registers > DECODE_REGISTERS || spillBytes > 0)
    .map(
      ({ name, target, registers, spillBytes }) =>
        `${name} for ${target} must take at most ${DECODE_REGISTERS} registers and not spill; it takes ${registers} and spills ${spillBytes} bytes.`,
    );
}
