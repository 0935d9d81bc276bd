import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** A file system in memory, as small as a test needs it. */
export class SmallDisk {
  readonly folder: string;

  constructor(folder: string, size: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    mount(["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  }

  resize(size: string): void {
    mount(["-o", `remount,size=${size}`, this.folder]);
  }

  makeReadOnly(): void {
    mount(["-o", "remount,ro", this.folder]);
  }

  remove(): void {
    spawnSync("umount", [this.folder]);
  }
}

function mount(args: string[]): void {
  const { status, stderr, error } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(stderr);
}

/** Gives a small disk to a test and takes it away. */
export async function onDisk<T>(
  folder: string,
  size: string,
  use: (disk: SmallDisk) => Promise<T>,
): Promise<T> {
  const disk = new SmallDisk(folder, size);
  try {
    return await use(disk);
  } finally {
    disk.remove();
  }
}

/** Why no file system can be mounted here; undefined where one can. */
export function whyNoDisk(folder: string): string | undefined {
  try {
    new SmallDisk(folder, "64k").remove();
    return undefined;
  } catch (error) {
    return `needs the right to mount a file system: ${(error as Error).message.trim()}`;
  }
}
