import type { ProgramAnswer, ProgramContext } from "bytesper";
import { deviceBytes, deviceChange, OutOfDeviceMemory } from "bytesper/device";
import { cachePolicy } from "./cache-policies.js";
import { cacheBytes, QWEN_2_5_3B } from "./cache-shape.js";
import { inRandomOrder } from "./random-order.js";

/** Opens sessions and reads the device's memory, closes half of them in a random order, then the others. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, device, deviceCapBytes, seed } = context;
  const shape = QWEN_2_5_3B;
  const count = Number(factors.sessions);
  const formula = cacheBytes(shape);
  const policy = cachePolicy(String(factors.policy), shape, { device, capBytes: deviceCapBytes });
  try {
    // Code and the first pages outside the pools must not count as memory of sessions.
    await policy.close(await policy.open());
    const before = deviceBytes(device);
    const sessions: number[] = [];
    const steps: { usedBytes: number; reservedBytes: number }[] = [];
    const step = (): void => {
      const { usedBytes, reservedBytes } = policy.totals();
      steps.push({ usedBytes, reservedBytes });
    };
    try {
      for (let index = 0; index < count; index++) {
        sessions.push(await policy.open());
        step();
      }
    } catch (error) {
      if (!(error instanceof OutOfDeviceMemory)) throw error;
      const reason = error.message.replace(/\.$/, "");
      const beyond = { above: deviceCapBytes, reason };
      return {
        outcome: "oom-device",
        cause: `session ${sessions.length + 1} of ${count}: ${reason}`,
        readings: {
          formulaPerSessionBytes: formula,
          heldBytes: { absent: reason },
          usedBytes: beyond,
          reservedBytes: beyond,
          ...Object.fromEntries(LATER.map((name) => [name, { absent: reason }])),
        },
      };
    }
    const secondRoute = deviceChange(before, deviceBytes(device));
    const open = policy.totals();
    const order = inRandomOrder(sessions, seed);
    const half = order.splice(0, order.length >> 1);
    const close = async (session: number): Promise<void> => {
      await policy.close(session);
      step();
    };
    for (const session of half) await close(session);
    const halfClosed = policy.totals();
    for (const session of order) await close(session);
    const allClosed = policy.totals();
    return {
      readings: {
        formulaPerSessionBytes: formula,
        heldBytes: open.heldBytes,
        usedBytes: open.usedBytes,
        reservedBytes: open.reservedBytes,
        secondRouteBytes: secondRoute,
        reservedPerSessionBytes: open.reservedBytes / count,
        reservedOverFormula: open.reservedBytes / count / formula,
        roundingBytes: open.heldBytes - count * formula,
        fragmentationBytes: open.reservedBytes - open.heldBytes,
        halfClosedHeldBytes: halfClosed.heldBytes,
        halfClosedReservedBytes: halfClosed.reservedBytes,
        allClosedReservedBytes: allClosed.reservedBytes,
      },
      series: (["usedBytes", "reservedBytes"] as const).map((reading) => ({
        reading,
        over: "sessions opened and closed",
        points: steps.map((each, index) => [index + 1, each[reading]] as const),
      })),
    };
  } finally {
    await policy.dispose();
  }
}

/** Readings that a row lacks if a session was refused. */
const LATER = [
  "secondRouteBytes",
  "reservedPerSessionBytes",
  "reservedOverFormula",
  "roundingBytes",
  "fragmentationBytes",
  "halfClosedHeldBytes",
  "halfClosedReservedBytes",
  "allClosedReservedBytes",
];
