/** Lines that the guard of a cell reports; `native/guard` says what each number is. */
export interface GuardStarted {
  event: "started";
  pid: number;
  startTicks: number;
}

export interface GuardFailed {
  event: "failed";
  stage: string;
  path?: string;
  errno: number;
  message: string;
}

export interface GuardSample {
  event: "sample";
  processes: number;
  rssBytes?: number;
  largestHwmBytes?: number;
  pssBytes?: number;
  mainPssBytes?: number;
  mainHwmBytes?: number;
  asked?: boolean;
}

/** The tree of the cell is dead. */
export interface GuardEnd {
  event: "end";
  killed: null | "time" | "memory" | "lifeline" | "asked" | "signal";
  code?: number;
  signal?: number;
  /** Processes that outlived the main one and were killed. */
  survivors: number;
  /** Largest resident set of any single process, exact. */
  largestProcessPeakBytes: number;
  processesReaped: number;
  peakRssBytes?: number;
  peakPssBytes?: number;
  overLimitBytes?: number;
  wallMs: number;
  userMs: number;
  systemMs: number;
}

export type GuardReport = GuardStarted | GuardFailed | GuardSample | GuardEnd | { event: "main-exited" };
