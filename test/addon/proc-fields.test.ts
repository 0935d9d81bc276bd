import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inChild, preloading } from "./support/child.js";
import { compileStandIn, NO_COMPILER, temporaryFolder } from "./support/stand-in.js";

/** Calls `name` in a child whose /proc/self/FILE reads `text`. */
function withProcFile(name: string, file: string, text: string): unknown {
  const folder = temporaryFolder();
  writeFileSync(join(folder, file), text);
  const library = join(compileStandIn("proc_files.c", "proc_files.so"), "proc_files.so");
  return inChild(`return addon.${name}();`, {
    env: { LD_PRELOAD: preloading(library), STAND_IN_PROC: folder },
  });
}

test("a field is in kB of 1024 bytes", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  expect(withProcFile("processStatus", "status", "VmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n")).toEqual({
    vmRssBytes: 1_024_000,
    vmHwmBytes: 2_048_000,
  });
});

test("a missing field is absent with the names of field and file", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  expect(withProcFile("processStatus", "status", "Name:\tnode\nVmRSS:\t 1 kB\n")).toEqual({
    vmRssBytes: 1024,
    vmHwmBytes: { absent: "/proc/self/status has no VmHWM in kB" },
  });
});

test("a value without a number or in another unit is absent, not 0", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  expect(withProcFile("processStatus", "status", "VmRSS:\t kB\nVmHWM:\t 3 MB\n")).toEqual({
    vmRssBytes: { absent: "/proc/self/status has no VmRSS in kB" },
    vmHwmBytes: { absent: "/proc/self/status has no VmHWM in kB" },
  });
});

test("a line longer than the reader's buffer does not hide the fields after it", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  const groups = `Groups:\t${"4294967294 ".repeat(65_536)}`;
  expect(withProcFile("processStatus", "status", `${groups}\nVmRSS:\t 1 kB\nVmHWM:\t 2 kB\n`)).toEqual({
    vmRssBytes: 1024,
    vmHwmBytes: 2048,
  });
});

test("what follows the reader's block within a longer line is not taken for a line", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  const line = `${"x".repeat(4096)}VmRSS:\t 9 kB\n`;
  expect(withProcFile("processStatus", "status", line)).toMatchObject({
    vmRssBytes: { absent: "/proc/self/status has no VmRSS in kB" },
  });
});

test("a field is found wherever the borders of the read blocks fall", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  const text = "VmRSS:\t    1234 kB\nVmHWM:\t    5678 kB\n";
  // The reader's block is 4,096 bytes: the two lines straddle its border at each of their characters.
  for (let border = 0; border <= text.length; border += 7) {
    const filler = `${"x".repeat(99)}\n`.repeat(40) + `${"y".repeat(4096 - 4000 - border - 1)}\n`;
    expect(withProcFile("processStatus", "status", filler + text), `border ${border}`).toEqual({
      vmRssBytes: 1234 * 1024,
      vmHwmBytes: 5678 * 1024,
    });
  }
});

test("the unique set is clean plus dirty, and absent without either", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  const full = withProcFile("smapsRollup", "smaps_rollup", "Private_Clean: 3 kB\nPrivate_Dirty: 4 kB\n");
  expect(full).toMatchObject({ ussBytes: 7168 });
  const half = withProcFile("smapsRollup", "smaps_rollup", "Private_Clean: 3 kB\n");
  expect(half).toMatchObject({ ussBytes: { absent: "/proc/self/smaps_rollup has no Private_Dirty in kB" } });
});

test("Pss is not taken from Pss_Anon", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  expect(withProcFile("smapsRollup", "smaps_rollup", "Pss_Anon: 9 kB\n")).toMatchObject({
    pssBytes: { absent: "/proc/self/smaps_rollup has no Pss in kB" },
    pssAnonBytes: 9216,
  });
});
