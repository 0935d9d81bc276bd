/** Lines of JSON that the supervisor of a cell writes. `native/supervisor` says what each number means. */
export interface SupervisorStarted {
  event: "started";
  pid: number;
  startTicks: number;
}

export interface SupervisorFailed {
  event: "failed";
  stage: string;
  path?: string;
  errno: number;
  message: string;
}

export interface SupervisorSample {
  event: "sample";
  processes: number;
  rssBytes?: number;
  largestHwmBytes?: number;
  pssBytes?: number;
  mainPssBytes?: number;
  mainHwmBytes?: number;
  asked?: boolean;
}

/** Sent when every process of the cell has ended. */
export interface SupervisorEnd {
  event: "end";
  killed: null | "time" | "memory" | "lifeline" | "asked" | "signal";
  code?: number;
  signal?: number;
  /** Number of processes that were still alive after the main one ended, and were killed. */
  survivors: number;
  /** Largest resident set of any single process, as the kernel recorded it. */
  largestProcessPeakBytes: number;
  processesReaped: number;
  peakRssBytes?: number;
  peakPssBytes?: number;
  overLimitBytes?: number;
  wallMs: number;
  userMs: number;
  systemMs: number;
}

export type SupervisorReport =
  SupervisorStarted | SupervisorFailed | SupervisorSample | SupervisorEnd | { event: "main-exited" };
