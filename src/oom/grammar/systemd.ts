import type { SpokenFramework } from "./framework.js";

export const systemdOomd: SpokenFramework = {
  name: "systemd-oomd",
  title: "systemd-oomd",
  memory: "host",
  messages: [
    {
      text: "Killed {word:controlGroup} due to memory pressure for {word:_pressureGroup} being {number:percent}% > {any:12}% for > {any:10} with reclaim activity",
      means: [
        "host-memory",
        "systemd-oomd killed {controlGroup}: programs there waited for memory {percent} % of the time.",
      ],
      stands: "free",
    },
    {
      text: "Killed {word:controlGroup} due to memory used ({whole:usedBytes}) / total ({whole:totalBytes}) and swap used ({whole:swapUsedBytes}) / total ({whole:swapTotalBytes}) being more than",
      means: ["host-memory", "systemd-oomd killed {controlGroup}: memory and swap were nearly full."],
    },
    {
      text: "{word:unit}: systemd-oomd killed {whole:count} process(es) in this unit",
      means: ["host-memory", "systemd-oomd killed {count} processes of {unit}."],
    },
  ],
  advice: [
    {
      do: "Start the large program in a scope of its own, so that it alone is killed and not its whole session",
      paste: "systemd-run --user --scope -p MemoryHigh=80% COMMAND",
      why: "systemd-oomd kills whole control groups.",
    },
    {
      do: "Keep a unit from being chosen",
      paste: "systemctl set-property UNIT ManagedOOMPreference=avoid",
    },
    {
      do: "Use less memory at once, or add memory or swap (pressure is time spent waiting for memory, so slow swap counts too)",
    },
  ],
};

export const earlyoom: SpokenFramework = {
  name: "earlyoom",
  title: "earlyoom",
  memory: "host",
  messages: [
    {
      text: 'sending <<SIGTERM||SIGKILL>> to process {whole:pid} uid {whole:_uid} "{text:processName}": <<badness||oom_score>> {whole:_score}, VmRSS {size:processInUseBytes}',
      means: [
        "host-memory",
        "earlyoom ended {victim}, which held {used}, because main memory and swap were nearly full.",
      ],
    },
    {
      text: '<<sending||killing>> <<SIGTERM to||SIGKILL to>> process {whole:pid} "{text:processName}"{any:20}: badness {whole:_score}, VmRSS {size:processInUseBytes}',
      means: [
        "host-memory",
        "earlyoom ended {victim}, which held {used}, because main memory and swap were nearly full.",
      ],
    },
  ],
  advice: [
    { do: "Use less main memory at once (fewer workers, smaller batches), or add memory or swap" },
    {
      do: "Keep earlyoom from the process, if another one should go first",
      paste: "EARLYOOM_ARGS=\"--avoid '^(NAME)$' --prefer '^(OTHER)$'\"",
    },
  ],
};

export const systemd: SpokenFramework = {
  name: "systemd",
  title: "systemd",
  memory: "host",
  messages: [
    {
      text: "{word:unit}: Failed with result 'oom-kill'",
      means: [
        "group-limit",
        "A process of {unit} was killed by the kernel's OOM killer: at the unit's MemoryMax, or because the machine ran out.",
      ],
      stands: "free",
    },
    {
      text: "{word:unit}: A process of this unit has been killed by the OOM killer",
      means: [
        "group-limit",
        "A process of {unit} was killed by the kernel's OOM killer: at the unit's MemoryMax, or because the machine ran out.",
      ],
      stands: "free",
    },
    {
      text: "{word:unit}: Main process exited, code=killed, status=9/KILL",
      means: [
        "killed",
        "The main process of {unit} was killed with signal 9; the kernel's OOM killer is the usual cause, a stop that took too long another.",
      ],
      certainty: "likely",
      stands: "free",
    },
  ],
  advice: [
    {
      do: "See which it was: the group's limit or the machine",
      paste: "journalctl -k | grep -iE 'oom|killed process'",
    },
    {
      do: "Raise the limit of the unit, if it has one",
      paste: "systemctl set-property UNIT MemoryMax=8G",
    },
    { do: "Use less memory at once, or cap the program below the limit" },
  ],
};
