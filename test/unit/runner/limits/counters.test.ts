import { expect, test } from "vitest";
import { countersV1, countersV2, oomKillsV1, oomKillsV2 } from "../../../../src/runner/limits/counters.js";
import { fixture } from "./fixture.js";

const MIB = 2 ** 20;

test("the counters of a v2 group carry the file and the key", () => {
  const folder = fixture({
    "memory.max": "536870912\n",
    "memory.peak": "536875008\n",
    "memory.swap.peak": "0\n",
    "memory.events": "low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n",
    "memory.events.local": "max 12\noom 1\noom_kill 3\n",
    "memory.stat": "anon 4096\nfile 8192\nkernel 100\nshmem 0\npgfault 9\n",
    "memory.pressure":
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=812\nfull avg10=0.00 avg60=0.00 total=7\n",
  });
  expect(countersV2(folder)).toMatchObject({
    "memory.max": 536870912,
    "memory.peak": 536875008,
    "memory.swap.peak": 0,
    "memory.events:oom_kill": 3,
    "memory.events.local:oom": 1,
    "memory.stat:file": 8192,
    "memory.pressure:someTotalUs": 812,
  });
  expect(countersV2(folder)).not.toHaveProperty("memory.stat:pgfault");
});

test("no limit and files that are not there have no counter", () => {
  const folder = fixture({ "memory.max": "max\n" });
  expect(countersV2(folder)).toEqual({});
  expect(countersV1(fixture({ "memory.limit_in_bytes": "9223372036854771712\n" }))).toEqual({});
});

test("v2: kills count where the group's own limit was met", () => {
  const kills = { "memory.events:oom_kill": 3, "memory.events.local:oom_kill": 2 };
  expect(oomKillsV2({ ...kills, "memory.events.local:oom": 1 })).toBe(3);
});

test("v2: the first victim of a kill of the whole group, which the kernel counts twice, counts once", () => {
  const events = { "memory.events:oom_group_kill": 1, "memory.events.local:oom": 1 };
  expect(oomKillsV2({ ...events, "memory.events:oom_kill": 4 })).toBe(3);
  expect(oomKillsV2({ ...events, "memory.events:oom_kill": 1 })).toBe(1);
});

test("v2: a limit that was met without a kill kills nobody", () => {
  expect(oomKillsV2({ "memory.events:oom_kill": 0, "memory.events.local:oom": 2 })).toBe(0);
});

test("v2: a kill for the sake of the machine or a group above is not this cap's", () => {
  expect(oomKillsV2({ "memory.events:oom_kill": 1, "memory.events.local:oom": 0 })).toBe(0);
});

test("v2: without counters nothing is known", () => {
  expect(oomKillsV2({})).toBeUndefined();
});

const V1 = { "memory.limit_in_bytes": 512 * MIB, "memory.oom_control:oom_kill": 1 };

test("v1: a kill counts where usage met the limit, although failcnt of memory and swap together stays 0", () => {
  expect(oomKillsV1({ ...V1, "memory.max_usage_in_bytes": 512 * MIB, "memory.failcnt": 0 })).toBe(1);
  expect(oomKillsV1({ ...V1, "memory.max_usage_in_bytes": 511 * MIB })).toBe(1);
});

test("v1: a kill well below the limit is not this cap's", () => {
  expect(oomKillsV1({ ...V1, "memory.max_usage_in_bytes": 300 * MIB, "memory.failcnt": 0 })).toBe(0);
});

test("v1: without a limit no kill is this cap's, and before oom_kill was counted nothing is known", () => {
  expect(oomKillsV1({ "memory.oom_control:oom_kill": 1, "memory.max_usage_in_bytes": MIB })).toBe(0);
  expect(oomKillsV1({ "memory.limit_in_bytes": MIB, "memory.max_usage_in_bytes": MIB })).toBeUndefined();
});
