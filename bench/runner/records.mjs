/** The record of an ended command as a run on cgroup v1 writes it. */
export function endedRecord(trial) {
  return {
    type: "finished",
    experiment: "trivial",
    cell: "0123456789abcdef0123",
    trial,
    attempt: 1,
    beside: true,
    end: endOf(trial),
  };
}

export function endOf(answer) {
  return {
    outcome: "ok",
    data: { readings: { answer, durationMs: 40.123456 }, jsonLines: 1, otherLines: 0, outputBytes: 16 },
    records: [],
    durationMs: 38.5,
    memory: {
      enforcement: "cgroup-v1",
      largestProcessPeakBytes: 44396544,
      processes: 1,
      peakBytes: 8544256,
      peakSource: "memory.max_usage_in_bytes (exact)",
    },
    evidence: {
      exitCode: 0,
      exitSignal: null,
      killed: null,
      survivors: 0,
      userMs: 31.2,
      systemMs: 6.4,
      oomKills: 0,
      "memory.pressure:someTotalUs": 0,
      "memory.max_usage_in_bytes": 8544256,
      "memory.usage_in_bytes": 647168,
      "memory.failcnt": 0,
      "memory.oom_control:oom_kill": 0,
      "memory.stat:total_cache": 0,
      "memory.stat:total_rss": 0,
      lastOutput: `{"answer":${answer}}`,
    },
  };
}
