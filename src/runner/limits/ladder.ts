import { BytesperError } from "../../base/errors.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { HostGroups } from "./cell-groups.js";
import { byDataLimit, byGroups, byNothing, byWatchdog } from "./enforcements.js";
import { supervisorOffer } from "./supervisor-file.js";
import { clauseOf, offerScope, offerV1, offerV2 } from "./offers.js";
import { removeStaleGroups } from "./stale-groups.js";
import type { Enforcement, Rung } from "./types.js";
import type { EnforcementKind } from "../../record/cell.js";
import { verifiedTree } from "./verify.js";

interface Candidate extends Rung {
  /**
   * Prepares the enforcement once before the cells, for example by moving this runner. Throws
   * `BytesperError`.
   */
  make: () => Promise<Enforcement>;
}

async function lookAround(): Promise<Candidate[]> {
  const supervisor = supervisorOffer();
  const [v2, scope, v1] = [await offerV2(), await offerScope(), await offerV1()];
  // A process is in one group of a hierarchy. With a v2 memory group, a second v2 group is not possible.
  const tree = v2.available === true ? undefined : await verifiedTree();

  /** Groups that only count, for rungs that hold the cap by other means. */
  const counting = async (): Promise<HostGroups> => {
    // Without the supervisor no process would join the groups.
    if (supervisor !== true) return { memory: undefined, tree: undefined };
    const offer = [v2, v1].find(({ available }) => available === true);
    return { memory: (await offer?.make())?.memory, tree };
  };
  const inV2 = async (kind: EnforcementKind, { make }: typeof v2, within?: string): Promise<Enforcement> => {
    const { memory, holdsSwap } = await make();
    return byGroups(kind, { memory, tree: undefined }, holdsSwap, within);
  };
  const inV1 = async (): Promise<Enforcement> => {
    const { memory, holdsSwap } = await v1.make();
    return byGroups("cgroup-v1", { memory, tree }, holdsSwap);
  };
  const withSupervisor: Candidate[] = [
    { kind: "cgroup-v2", available: v2.available, make: () => inV2("cgroup-v2", v2) },
    {
      kind: "systemd-scope",
      available: scope.available,
      make: () => inV2("systemd-scope", scope, " in a systemd scope"),
    },
    { kind: "cgroup-v1", available: v1.available, make: inV1 },
    { kind: "rlimit-data", available: true, make: async () => byDataLimit(await counting()) },
    { kind: "watchdog", available: true, make: async () => byWatchdog(await counting()) },
  ];
  return [
    ...withSupervisor.map((candidate) =>
      supervisor === true ? candidate : { ...candidate, available: supervisor },
    ),
    { kind: "none", available: true, make: async () => byNothing(await counting()) },
  ];
}

let seen: Promise<Candidate[]> | undefined;

function candidates(): Promise<Candidate[]> {
  return (seen ??= lookAround());
}

function rungsOf(list: readonly Candidate[]): Rung[] {
  return list.map(({ kind, available }) => ({ kind, available }));
}

/**
 * Every rung, the best first. The first call tests with short-lived groups and children, and does not move
 * this process. Later calls return the same answer.
 */
export async function ladder(): Promise<Rung[]> {
  return rungsOf(await candidates());
}

/**
 * Chooses the best available rung or the wanted one, and removes groups of dead runners. It may move this
 * process to another group or a systemd scope. Throws `USAGE` with the reason if the wanted rung is not
 * available.
 */
export async function chooseEnforcement(options: {
  wanted?: EnforcementKind | undefined;
}): Promise<{ enforcement: Enforcement; rungs: Rung[] }> {
  await removeStaleGroups();
  const list = await candidates();
  for (const candidate of list) {
    if (candidate.available !== true || (options.wanted ?? candidate.kind) !== candidate.kind) continue;
    try {
      return { enforcement: await candidate.make(), rungs: rungsOf(list) };
    } catch (error) {
      candidate.available = clauseOf(error);
    }
  }
  throw notThere(options.wanted, list);
}

function notThere(wanted: EnforcementKind | undefined, list: readonly Candidate[]): BytesperError {
  const available =
    list.find(({ kind }) => kind === wanted)?.available ?? absent("there is no such enforcement");
  const reason = isAbsent(available) ? available.absent : "it cannot be made";
  const others = list.flatMap(({ kind, available }) => (available === true ? [kind] : []));
  return new BytesperError(
    "USAGE",
    `The enforcement ${wanted ?? "none"} is not available here: ${reason}; choose one of ${others.join(", ")}, or leave the choice to bytesper.`,
  );
}
