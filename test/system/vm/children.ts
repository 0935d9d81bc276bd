const MIB = 2 ** 20;

/** What the children share: `say` writes a line that the parent gets, `pause` waits without a timer. */
const COMMON = `
  const { writeSync, readFileSync } = require("node:fs");
  const { spawn } = require("node:child_process");
  const say = (line) => writeSync(3, line + "\\n");
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  const status = () => Object.fromEntries(
    readFileSync("/proc/self/status", "utf8").split("\\n").map((line) => line.split(/:\\s+/)));
  const kib = (text) => parseInt(text) * 1024;
`;

function child(body: string): string[] {
  return [process.execPath, "--expose-gc", "-e", COMMON + body];
}

const STEPS = `
  const grow = (bytes, pauseMs = 0) => {
    const kept = [];
    while (kept.length * ${8 * MIB} < bytes) {
      kept.push(Buffer.alloc(${8 * MIB}, 1));
      say(kept.length * ${8 * MIB});
      if (pauseMs > 0) pause(pauseMs);
    }
    return kept;
  };
`;

/** Touches `bytes` in steps of 8 MiB and says after each how much it has. */
export function hog(bytes: number, pauseMs = 0): string[] {
  return child(`${STEPS} const kept = grow(${bytes}, ${pauseMs}); say("all"); pause(1000); say(kept.length)`);
}

/** A main process of small size that starts a hog and outlives it. */
export function hogInGrandchild(bytes: number): string[] {
  const [file = "", ...args] = hog(bytes);
  return child(`
    spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: [0, 1, 2, 3] }).on("exit", (code, signal) => {
      say("grandchild " + (signal ?? code));
    });`);
}

/** Two processes of `bytes` each, which hold them together for a while. */
export function twoHolders(bytes: number): string[] {
  const [file = "", ...args] = child(
    `${STEPS} const kept = grow(${bytes}, 2); pause(3000); say("held " + kept.length)`,
  );
  return child(`
    for (let i = 0; i < 2; i += 1)
      spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: [0, 1, 2, 3] }).on("exit", (code, signal) => {
        say("child " + (signal ?? code));
      });`);
}

/** Holds `bytes`, writes all of them `rounds` times and says "done". */
export function steady(bytes: number, rounds: number): string[] {
  return child(`
    const block = Buffer.alloc(${bytes});
    say("begun");
    for (let round = 0; round < ${rounds}; round += 1) { block.fill(round); pause(20); }
    say("done");`);
}

/** Touches `bytes`, gives them back, and says its own high-water mark and how much of it was pages of files. */
export function spike(bytes: number): string[] {
  return child(`
    const touch = () => Buffer.alloc(${bytes}, 1).length;
    touch();
    // The block is given back by the collection after the one that finds it.
    for (let round = 0; round < 2; round += 1) gc();
    const { VmHWM, VmRSS, RssFile, RssShmem } = status();
    // In a root file system in memory the pages of programs count as shared memory.
    const fileBytes = kib(RssFile) + kib(RssShmem);
    say(JSON.stringify({ vmHwmBytes: kib(VmHWM), vmRssBytes: kib(VmRSS), fileBytes }));`);
}
