import { BytesperError } from "../../base/errors.js";
import { absent } from "../../system/probe/reading.js";
import type { HostGroups } from "./cell-groups.js";
import { checkOptions, openGroups } from "./cell-groups.js";
import type { CellLimit, CellLimitOptions, Enforcement } from "./types.js";
import type { EnforcementKind } from "../../record/cell.js";

const MIB = 2 ** 20;

/** Below this Node hangs instead of failing: it was seen to hang with 16 and 32 MiB, and starts with 48. */
const LEAST_DATA_BYTES = 48 * MIB;

/** The kernel's memory controller holds the cap for the whole tree. */
export function byGroups(
  kind: EnforcementKind,
  groups: HostGroups & { memory: object },
  holdsSwap: boolean,
  within = "",
): Enforcement {
  return {
    kind,
    description: `${groups.memory.name}${within}, ${holdsSwap ? "no swap" : "swap not counted"}`,
    exact: holdsSwap,
    open: async (options) => {
      checkOptions(options);
      return openGroups(groups, options, true);
    },
  };
}

/** Guard options hold the cap; groups, where there are any, only count and kill. */
async function openGuarded(
  groups: HostGroups,
  options: CellLimitOptions,
  limits: (capBytes: number) => string[],
  counter: string,
): Promise<CellLimit> {
  checkOptions(options);
  const limit = await openGroups(groups, options, false);
  const { capBytes } = options;
  return {
    ...limit,
    guardArguments: [...limit.guardArguments, ...(capBytes === undefined ? [] : limits(capBytes))],
    close: async () => {
      const evidence = await limit.close();
      return { ...evidence, oomKills: absent(counter) };
    },
  };
}

/**
 * RLIMIT_DATA refuses a process more private writable memory, touched or not, than the cap; two processes may hold
 * twice the cap, which the guard's watchdog then ends.
 */
export function byDataLimit(groups: HostGroups): Enforcement {
  return {
    kind: "rlimit-data",
    description: "RLIMIT_DATA for each process (it counts commit), watchdog for the tree",
    exact: false,
    open: async (options) => {
      checkOptions(options);
      const { capBytes } = options;
      if (capBytes !== undefined && capBytes < LEAST_DATA_BYTES) {
        throw new BytesperError(
          "BAD_INPUT",
          `RLIMIT_DATA needs a cap of at least ${LEAST_DATA_BYTES / MIB} MiB, since Node hangs below that, but the cap is ${capBytes} bytes; raise it or choose the watchdog.`,
        );
      }
      const limits = (bytes: number): string[] => [
        ...["--data-limit", String(bytes)],
        ...["--memory-limit", String(bytes)],
      ];
      const counter = "RLIMIT_DATA refuses memory and kills nobody";
      return openGuarded(groups, options, limits, counter);
    },
  };
}

/** The guard reads the tree's PSS and kills: the tree may exceed the cap for some milliseconds. */
export function byWatchdog(groups: HostGroups): Enforcement {
  return {
    kind: "watchdog",
    description: "watchdog that samples the tree's PSS (soft)",
    exact: false,
    open: (options) =>
      openGuarded(
        groups,
        options,
        (bytes) => ["--memory-limit", String(bytes)],
        "the cap is held by the guard's watchdog, not by the kernel",
      ),
  };
}

/** Nothing holds a cap; groups still count and kill where there are any. */
export function byNothing(groups: HostGroups): Enforcement {
  return {
    kind: "none",
    description: "no cap is enforced",
    exact: false,
    open: (options) => openGuarded(groups, options, () => [], "no cap is enforced"),
  };
}
