import { execFile } from "node:child_process";
import type { Reading } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";

/**
 * Memory that the kernel charges to the server's ends of its connections, as `ss -m` tells it: what was received and
 * not read, what is being sent, and what is kept for that. The kernel's own records of a socket are not in it.
 */
export function socketMemory(port: number): Promise<Reading> {
  return new Promise((done) => {
    execFile(
      "ss",
      ["-tmnHO", "state", "established", `( sport = :${port} )`],
      { maxBuffer: 2 ** 30 },
      (error, stdout) => {
        if (error !== null)
          done(
            absent(
              (error as NodeJS.ErrnoException).code === "ENOENT"
                ? "the program ss (package iproute2) is not here"
                : "ss could not read the sockets",
            ),
          );
        else done(sumOf(stdout));
      },
    );
  });
}

/** Fields of skmem: see ss(8). */
function sumOf(text: string): number {
  let total = 0;
  for (const [, fields = ""] of text.matchAll(/skmem:\(([^)]*)\)/g))
    for (const [, , value] of fields.matchAll(/\b(r|f|w|o|bl)(\d+)/g)) total += Number(value);
  return total;
}
