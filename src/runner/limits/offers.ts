import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { Absent } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { controllerV1 } from "./controller-v1.js";
import { controllerV2 } from "./controller-v2.js";
import { ownGroup } from "../../system/hierarchy.js";
import { whyNotWritable } from "../../system/kernel-file.js";
import { findParentGroup } from "./parent-group-v2.js";
import { enterScope, scopeOffer } from "./systemd-scope.js";
import { stoppedByKills } from "./unit-policy.js";
import type { Verified } from "./verify.js";
import { verify } from "./verify.js";

export interface Offer {
  available: true | Absent;
  /** Called once, because all cells below one parent group are counted together. Throws `CELL_FAILED`. */
  make: () => Promise<Verified>;
}

/** The message of an error as a clause that can follow a colon. */
export function clauseOf(error: unknown): Absent {
  return absent(sentence(error));
}

function demand<T extends object>(value: T | Absent): T {
  if (isAbsent(value)) throw new BytesperError("CELL_FAILED", `${value.absent}.`);
  return value;
}

function offer(available: true | Absent, make: () => Promise<Verified | Absent>): Offer {
  let made: Promise<Verified> | undefined;
  return { available, make: () => (made ??= make().then(demand)) };
}

/** An offer that was tested, with its result. */
function tried(result: Verified | Absent): Offer {
  return offer(isAbsent(result) ? result : true, () => Promise.resolve(result));
}

export async function offerV2(): Promise<Offer> {
  const own = ownGroup(2);
  const parent = isAbsent(own) ? own : findParentGroup(own, await stoppedByKills(own));
  if (isAbsent(parent)) return tried(parent);
  // A test here would move this runner. Such a group is tested when it is chosen.
  return parent.how === "move"
    ? offer(true, () => verify(controllerV2(parent)))
    : tried(await verify(controllerV2(parent)));
}

export async function offerScope(): Promise<Offer> {
  return offer(await scopeOffer(), async () => {
    const parent = findParentGroup(await enterScope());
    return isAbsent(parent) ? parent : verify(controllerV2(parent));
  });
}

export async function offerV1(): Promise<Offer> {
  const own = ownGroup(1);
  if (isAbsent(own)) return tried(own);
  const refused = whyNotWritable(own.folder, [".", "cgroup.procs"]);
  return tried(
    refused === undefined
      ? await verify(controllerV1(own.folder))
      : absent(
          `the group ${own.folder} may not be written (${refused}); run as root, or have it handed over`,
        ),
  );
}
