import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "../../..");
const SERVICE = "systemd-limits.service";
const SUPERVISOR = "build/Release/cell-supervisor";
/** The parts that image.sh makes. */
const IMAGE = join(ROOT, "build/vm");

const PARTS = ["vmlinuz", "root.cpio"].map((name) => join(IMAGE, name));

/** Why no machine is to be run here. With BYTESPER_VM=1 what is missing is made, or fails. */
export function missingMachine(): string | undefined {
  if (process.env.BYTESPER_VM === "1") return undefined;
  if (!PARTS.every((file) => existsSync(file)))
    return "needs a virtual machine, which takes two minutes; make its image with test/system/vm/image.sh build/vm";
  if (!existsSync(join(ROOT, SUPERVISOR))) return "needs the supervisor; run npm run build";
  const { status } = spawnSync("qemu-system-x86_64", ["--version"]);
  return status === 0 ? undefined : "needs qemu-system-x86_64 on the PATH";
}

function makeImage(): void {
  if (PARTS.every((file) => existsSync(file))) return;
  const { status, stderr } = spawnSync(join(HERE, "image.sh"), [IMAGE], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the image of the virtual machine could not be made: ${stderr}`);
}

export interface Line {
  name?: string;
  step?: string;
  figure: string;
  [key: string]: unknown;
}

export interface MachineRun {
  lines: Line[];
  /** All that came over the serial line. */
  log: string;
}

const INITS = {
  plain: "/bytesper/plain-init.sh",
  systemd: "/lib/systemd/systemd",
};

/** What changes with bytesper, beside the image: Node, the supervisor and the steps in one file. */
async function archive(folder: string): Promise<string> {
  const place = (path: string): string => {
    const file = join(folder, "root", path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  const put = (from: string, to: string, mode: number): void => {
    copyFileSync(from, place(to));
    chmodSync(place(to), mode);
  };
  put(process.execPath, "bytesper/bin/node", 0o755);
  put(join(ROOT, SUPERVISOR), `bytesper/${SUPERVISOR}`, 0o755);
  put(join(HERE, "plain-init.sh"), "bytesper/plain-init.sh", 0o755);
  put(join(HERE, SERVICE), `etc/systemd/system/${SERVICE}`, 0o644);
  symlinkSync(`../${SERVICE}`, place(`etc/systemd/system/multi-user.target.wants/${SERVICE}`));
  await build({
    entryPoints: [join(HERE, "main.ts")],
    outfile: place("bytesper/dist/runner/limits/main.mjs"),
    ...{ bundle: true, platform: "node", format: "esm", logLevel: "error" },
  });
  const whole = join(folder, "whole.cpio");
  const { status, stderr } = spawnSync(
    "sh",
    [
      ...["-c", 'find . | cpio --quiet -o -H newc -R 0:0 > ../own.cpio && cat "$0" ../own.cpio > "$1"'],
      ...[join(IMAGE, "root.cpio"), whole],
    ],
    { cwd: join(folder, "root"), encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the archive of the virtual machine could not be made: ${stderr}`);
  return whole;
}

/** Boots the machine, which runs its steps and goes down by itself. */
export async function runMachine(init: keyof typeof INITS, timeoutMs: number): Promise<MachineRun> {
  makeImage();
  const folder = mkdtempSync(join(tmpdir(), "bytesper-vm-"));
  try {
    const initrd = await archive(folder);
    const kernel = `console=ttyS0 panic=-1 systemd.show_status=1 rdinit=${INITS[init]}`;
    const machine = spawn(
      "qemu-system-x86_64",
      [
        ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3072"],
        ...["-kernel", join(IMAGE, "vmlinuz"), "-initrd", initrd, "-append", kernel],
        ...["-nographic", "-no-reboot", "-nic", "none"],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const timer = setTimeout(() => machine.kill("SIGKILL"), timeoutMs);
    const [log, complaint] = await Promise.all([text(machine.stdout), text(machine.stderr)]);
    clearTimeout(timer);
    const lines = log.split("\n").flatMap((line) => {
      const json = /BYTESPER (\{.*\})/.exec(line)?.[1];
      return json === undefined ? [] : [JSON.parse(json) as Line];
    });
    return { lines, log: log + complaint };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
