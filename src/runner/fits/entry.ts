import { readFileSync, writeSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { HeldOrder } from "./order.js";

// The first module of a process that holds a population as a plain program does. It loads as little as it can.
const RECORDS = 3;

function send(record: unknown): void {
  const bytes = Buffer.from(`\n${JSON.stringify(record)}\n`);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(RECORDS, bytes, offset);
}

/** What a subject emits belongs to a journal, and a held population has none. */
const emit = (): void => undefined;

async function answer(order: HeldOrder): Promise<unknown> {
  if (order.kind === "limits") return getHeapStatistics().heap_size_limit;
  const { holdPopulation, weighPopulation } = await import("../../measure/held.js");
  if (order.kind === "hold") return holdPopulation(order.spec, send, emit);
  const { fullGc } = await import("../../measure/gc.js");
  return weighPopulation(order.spec, fullGc().gc.collect, send, emit);
}

try {
  const order = JSON.parse(readFileSync(0, "utf8")) as HeldOrder;
  send({ type: "answer", data: await answer(order) });
  // A subject may have open handles that keep the process alive.
  process.exit(0);
} catch (error) {
  const code = error instanceof BytesperError ? error.code : undefined;
  send({ type: "error", code, message: sentence(error) });
  process.exit(1);
}
