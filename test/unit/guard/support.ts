import type { MemoryGuardOptions } from "../../../src/guard/index.js";
import { MemoryGuard } from "../../../src/guard/index.js";
import type { ReadingSource } from "../../../src/guard/index.js";
import type { GuardEvent } from "../../../src/guard/index.js";
import type { Reading } from "../../../src/system/probe/reading.js";

const GIB = 2 ** 30;

/** A machine of which a test says everything. */
export class FakeMachine {
  nowMs = 0;
  samples = 0;
  readings: Record<string, Reading> = { rssBytes: 1 * GIB, deviceReservedBytes: 1 * GIB };
  capacities: Record<string, Reading> = { rssBytes: 32 * GIB, deviceReservedBytes: 24e9 };
  readonly events: GuardEvent[] = [];

  guard(options: Partial<MemoryGuardOptions> & Pick<MemoryGuardOptions, "rules">): MemoryGuard {
    const source: ReadingSource = {
      names: Object.keys(this.readings),
      capacityOf: (name) => this.capacities[name],
      sample: (_, put) => {
        this.samples++;
        for (const [name, value] of Object.entries(this.readings)) put(name, value);
      },
    };
    return new MemoryGuard({
      sources: [source],
      now: () => this.nowMs,
      sampleMs: 100,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  /** Lets time pass until the next sample is due, with a reading as it is then. */
  next(guard: MemoryGuard, readings: Record<string, Reading>): ReturnType<MemoryGuard["step"]> {
    this.nowMs += 100;
    Object.assign(this.readings, readings);
    return guard.step();
  }

  kinds(): string[] {
    return this.events.map(({ event }) => event);
  }

  doubts(): string[] {
    return this.events.flatMap((event) => (event.event === "doubt" ? [event.doubt.name] : []));
  }
}
