import { describe, expect, test } from "vitest";
import type { Claim, HostReading } from "../../../../src/runner/schedule/admission.js";
import { admit, ADMISSION_DEFAULTS, mustEndOne } from "../../../../src/runner/schedule/admission.js";

const GIB = 2 ** 30;
const settings = { ...ADMISSION_DEFAULTS, softShare: 0.1, hardShare: 0.05, diskReserveBytes: GIB };

function host(availableGib: number, changes: Partial<HostReading> = {}): HostReading {
  const memory = { availableBytes: availableGib * GIB, totalBytes: 10 * GIB };
  return { memory, diskFreeBytes: 2 * GIB, ...changes };
}

function claim(needGib: number | undefined, heldGib = 0): Claim {
  return { needBytes: needGib === undefined ? undefined : needGib * GIB, heldBytes: heldGib * GIB };
}

describe("memory", () => {
  test("a cell starts where what it needs fits beside what the running ones may still take, and the reserve", () => {
    // 10 GiB, of which 1 is in reserve; the running cell may take 3 more.
    const running = [claim(4, 1)];
    expect(admit(claim(5), running, host(9), settings)).toEqual({ admitted: true });
    expect(admit(claim(5.1), running, host(9), settings)).toEqual({
      admitted: false,
      what: "memory",
      message:
        "New cells wait for memory: the next needs 5.10 GiB; 9.00 GiB are available, of which running cells may still take 3.00 GiB and 1.00 GiB are kept in reserve.",
    });
  });

  test("a cell that holds more than was expected of it takes nothing from what is free", () => {
    expect(admit(claim(5), [claim(1, 4)], host(6), settings).admitted).toBe(true);
  });

  test("a cell of which nobody knows what it needs waits below the reserve only", () => {
    expect(admit(claim(undefined), [claim(undefined, 1)], host(1.1), settings).admitted).toBe(true);
    expect(admit(claim(undefined), [claim(undefined, 1)], host(0.9), settings).admitted).toBe(false);
  });

  test("one that can never fit starts alone, so that its own cap can say so", () => {
    expect(admit(claim(50), [], host(9), settings)).toEqual({ admitted: true });
    expect(admit(claim(50), [claim(1)], host(9), settings).admitted).toBe(false);
  });

  test("a cell must go below the hard share, and not at it", () => {
    expect(mustEndOne(host(0.5), settings)).toBe(false);
    expect(mustEndOne(host(0.49), settings)).toBe(true);
  });
});

describe("pressure", () => {
  test("above its share no further cell starts, and the first one does", () => {
    const stalled = host(9, { stalledShare: 0.25 });
    expect(admit(claim(1), [claim(1)], stalled, settings)).toMatchObject({ admitted: false, what: "memory" });
    expect(admit(claim(1), [], stalled, settings).admitted).toBe(true);
  });

  test("that the kernel does not tell keeps nothing from starting", () => {
    expect(admit(claim(1), [claim(1)], host(9, { stalledShare: undefined }), settings).admitted).toBe(true);
  });
});

describe("disk", () => {
  test("below the reserve nothing starts, not even alone", () => {
    expect(admit(claim(1), [], host(9, { diskFreeBytes: GIB / 2 }), settings)).toEqual({
      admitted: false,
      what: "disk",
      message:
        "New cells wait: 512.00 MiB of disk are free and 1.00 GiB are kept in reserve; free some space.",
    });
    expect(admit(claim(1), [], host(9, { diskFreeBytes: GIB }), settings).admitted).toBe(true);
  });

  test("that nobody can read keeps nothing from starting", () => {
    expect(admit(claim(1), [], host(9, { diskFreeBytes: undefined }), settings).admitted).toBe(true);
  });
});
