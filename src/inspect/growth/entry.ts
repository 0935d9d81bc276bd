import { readFileSync, writeSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { RoundsOrder } from "./rounds.js";
import { runRounds } from "./rounds.js";

// The first module of the process that calls. The order comes by stdin, and the answer goes to descriptor 3:
// the standard output belongs to the called function.
const ANSWER = 3;

function send(answer: object): void {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let offset = 0; offset < bytes.length;) offset += writeSync(ANSWER, bytes, offset);
}

try {
  const data = await runRounds(JSON.parse(readFileSync(0, "utf8")) as RoundsOrder);
  send({ data });
  // The function may have left handles open that would keep the process alive.
  process.exit(0);
} catch (error) {
  send({ code: error instanceof BytesperError ? error.code : "CELL_FAILED", message: sentence(error) });
  process.exit(1);
}
