import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import { exact, quantity } from "../quantity.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

const INVOKED = anywhere`invoked oom-killer : gfp_mask =`;
const LIMIT = anywhere`memory : usage \d+ kB , limit (?<_limit>\d+kB) , failcnt \d+`;
const CHOSEN = anywhere`oom-kill : constraint = (?<reason> CONSTRAINT_[A-Z_]+ ) ,`;
const CHOSEN_OLD = anywhere`(?:Memory cgroup)? [Oo]ut of memory : Kill process (?<pid>\d+) \( (?<processName> .{1,64}? ) \) score \d+ or sacrifice child`;
const KILLED = anywhere`(?: (?<_group> Memory cgroup )? [Oo]ut of memory (?: \( [\w ]{1,40} \) )? : )?
  Killed process (?<pid>\d+) ,? (?:UID \d+ ,)? (?: \( (?<processName> .{1,64}? ) \) )? ,? (?:UID \d+ ,)?
  (?:total-vm|vsz) : (?<_virtual>\d+kB) , (?<_resident> anon-rss:\d+kB (?: , file-rss:\d+kB )? (?: , shmem-rss:\d+kB )? )`;

/**
 * The OOM killer of the Linux kernel. It prints many lines before it names the killed process. The parts up
 * to there are openings, which the scanner keeps until the closing part comes.
 */
export const kernel: Grammar = {
  name: "linux-kernel",
  needles: [
    { text: "oom-killer", then: [":gfp"] },
    { text: "oom-kill:", then: ["constraint"] },
    { text: "failcnt ", then: ["#"] },
    { text: "killed process", then: ["#"] },
    { text: "kill process", then: ["#"] },
    { text: "anon-rss:", then: ["#"] },
    { text: "total-vm:", then: ["#"] },
  ],
  read(place) {
    const { view } = place;
    const killed = around(place, KILLED, 200, 400);
    if (killed !== undefined) {
      const draft = new Draft(view, "linux-kernel", killed);
      const { _virtual: virtual = "", _resident: resident = "", _group: group } = killed.groups ?? {};
      const sizes = [...resident.matchAll(/\d+kB/g)].map(([size]) => quantity(size)?.bytes ?? 0);
      const at = killed.indices?.groups?._resident;
      // The parts of the resident set. They are whole pages, so nothing is rounded.
      if (at !== undefined)
        draft.set("processInUseBytes", exact(sizes.reduce((sum, size) => sum + size, 0)), at);
      draft.clauses += sizes.length;
      draft.processScope = "killed_rss_sum";
      draft.details.totalVmBytes = quantity(virtual)?.bytes ?? 0;
      if (group !== undefined) draft.details.reason = "CONSTRAINT_MEMCG";
      draft.part = "closing";
      return draft;
    }
    for (const pattern of [INVOKED, CHOSEN, CHOSEN_OLD, LIMIT]) {
      const match = around(place, pattern, 200, 300);
      if (match === undefined) continue;
      const draft = new Draft(view, "linux-kernel", match);
      const limit = match.groups?._limit;
      if (limit !== undefined) draft.details.limitBytes = quantity(limit)?.bytes ?? 0;
      draft.part = pattern === INVOKED ? "beginning" : "opening";
      return draft;
    }
    return undefined;
  },
};
