import { BytesperError } from "../../base/errors.js";
import { bytesWithBinaryUnit } from "../../base/format.js";
import { absent } from "../../system/probe/reading.js";
import type { HostGroups } from "./cell-groups.js";
import { checkOptions, openGroups } from "./cell-groups.js";
import type { CellLimit, CellLimitOptions, Enforcement } from "./types.js";
import type { EnforcementKind } from "../../record/cell.js";

const MIB = 2 ** 20;

/**
 * Smallest RLIMIT_DATA. With less, Node may hang instead of failing: it hung with 16 and 32 MiB and started
 * with 48.
 */
const LEAST_DATA_BYTES = 48 * MIB;

/** Enforcement by the kernel's memory controller, which holds the cap for the whole tree. */
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

/** Options of the supervisor hold the cap. Control groups, if available, only count and kill. */
async function openSupervised(
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
    supervisorArguments: [...limit.supervisorArguments, ...(capBytes === undefined ? [] : limits(capBytes))],
    close: async () => {
      const evidence = await limit.close();
      return { ...evidence, oomKills: absent(counter) };
    },
  };
}

/**
 * Enforcement by RLIMIT_DATA, which limits the private writable memory of one process, touched or not. Two
 * processes together could hold twice the cap, so the supervisor's watchdog ends the tree above the cap.
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
          `RLIMIT_DATA needs a cap of at least ${LEAST_DATA_BYTES / MIB} MiB, since Node hangs below that, but the cap is ${bytesWithBinaryUnit(capBytes)}; raise it, or take --enforcement watchdog.`,
        );
      }
      const limits = (bytes: number): string[] => [
        ...["--data-limit", String(bytes)],
        ...["--memory-limit", String(bytes)],
      ];
      const counter = "RLIMIT_DATA refuses memory and kills nobody";
      return openSupervised(groups, options, limits, counter);
    },
  };
}

/**
 * The supervisor reads the PSS of the tree and kills it above the cap. The tree may exceed the cap for some
 * milliseconds.
 */
export function byWatchdog(groups: HostGroups): Enforcement {
  return {
    kind: "watchdog",
    description: "watchdog that samples the tree's PSS (soft)",
    exact: false,
    open: (options) =>
      openSupervised(
        groups,
        options,
        (bytes) => ["--memory-limit", String(bytes)],
        "the cap is held by the supervisor's watchdog, not by the kernel",
      ),
  };
}

/** No cap is enforced. Control groups, if available, still count and kill. */
export function byNothing(groups: HostGroups): Enforcement {
  return {
    kind: "none",
    description: "no cap is enforced",
    exact: false,
    open: (options) => openSupervised(groups, options, () => [], "no cap is enforced"),
  };
}
