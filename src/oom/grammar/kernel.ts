import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import { exact, quantity } from "../quantity.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

const INVOKED = anywhere`invoked oom-killer : gfp_mask =`;
const LIMIT = anywhere`memory : usage \d+ kB , limit (?<_limit>\d+kB) , failcnt \d+`;
const CHOSEN = anywhere`oom-kill : constraint = (?<reason> CONSTRAINT_[A-Z_]+ ) ,
  (?: (?: [^=]{0,30} = [^,]{0,200} , ){0,4}? (?: global_oom | oom_memcg = (?<controlGroup> [^,\n]{1,400} ) ) , task_memcg = [^,\n]{1,400} , task = (?<processName> [^,\n]{1,64} ) , pid = (?<pid>\d+) (?: , uid = \d+ )? )?`;
/** Before 4.19: which group's limit it was. */
const RESULT_OF = anywhere`Task in [^\n]{1,300}? killed as a result of limit of (?<controlGroup> /[\w./:@-]{0,300}? ) (?= memory : | \[ | $ )`;
/** A function of the kernel's control groups in the stack of the killer. */
const GROUP_CALL = /mem_cgroup_(?:out_of_memory|oom_synchronize)|try_charge|mem_cgroup_charge/;
const CHOSEN_OLD = anywhere`(?:Memory cgroup)? [Oo]ut of memory : Kill process (?<pid>\d+) \( (?<processName> .{1,64}? ) \) score \d+ or sacrifice child`;
const KILLED = anywhere`(?: (?<_group> Memory cgroup )? [Oo]ut of memory (?: \( [\w ]{1,40} \) )? : )?
  Killed process (?<pid>\d+) ,? (?:UID \d+ ,)? (?: \( (?<processName> .{1,64}? ) \) )? ,? (?:UID \d+ ,)?
  (?:total-vm|vsz) : (?<_virtual>\d+kB) , (?<_resident> anon-rss:\d+kB (?: , file-rss:\d+kB )? (?: , shmem-rss:\d+kB )? )`;

/** Characters of the killer's stack after its first line. */
const STACK = 2000;

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
    { text: "killed as a result", then: ["oflimit"] },
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
    for (const pattern of [INVOKED, CHOSEN, CHOSEN_OLD, RESULT_OF, LIMIT]) {
      const match = around(place, pattern, 200, 1600);
      if (match === undefined) continue;
      const draft = new Draft(view, "linux-kernel", match);
      const limit = match.groups?._limit;
      if (limit !== undefined) draft.details.limitBytes = quantity(limit)?.bytes ?? 0;
      draft.part = pattern === INVOKED ? "beginning" : "opening";
      const isOfGroup =
        pattern === RESULT_OF ||
        /^Memorycgroup/.test(match[0]) ||
        (pattern === INVOKED && GROUP_CALL.test(view.text.slice(draft.end, draft.end + STACK)));
      if (isOfGroup) draft.details.reason = "CONSTRAINT_MEMCG";
      return draft;
    }
    return undefined;
  },
};
