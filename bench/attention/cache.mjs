import { homedir } from "node:os";
import { join } from "node:path";

/** What the peers of attention install and build, outside the tree. */
export const CACHE = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "bytesper",
  "bench-attention",
);
