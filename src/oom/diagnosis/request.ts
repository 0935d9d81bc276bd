import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { surelyAbove } from "../balance.js";
import type { Rule } from "./diagnosis.js";
import { isHost } from "./diagnosis.js";
import type { OomRecord } from "../record.js";

/** A card has at most a few hundred GiB and a host a few TiB. A request beyond that is a mistake. */
const MOST_ON_A_CARD = 2 ** 40;
const MOST_ON_A_HOST = 2 ** 42;

export const absurdRequest: Rule = ({ record, balance: { requested, total = 0 } }) => {
  const most = isHost(record) ? MOST_ON_A_HOST : MOST_ON_A_CARD;
  if (requested === undefined || requested < most || total >= most) return undefined;
  const how =
    requested >= 2 ** 60
      ? "it is of the order of 2^63, as a negative or overflowed size reads"
      : "a dimension, a batch or an index is off by orders";
  return {
    name: "absurd-request",
    message: `The request of ${size(requested)} is no need of memory but a mistake in a shape: ${how}.`,
  };
};

export const neverFits: Rule = ({ record, balance: { requested, total, cap } }) => {
  if (requested === undefined) return undefined;
  if (total === undefined && cap !== undefined && requested > cap && !isHost(record))
    return {
      name: "never-fits",
      message: `The request of ${size(requested)} is larger than all that the allocator may take, ${size(cap)}: no freeing makes it fit.`,
    };
  if (total === undefined || requested <= total) return undefined;
  const sure = surelyAbove(record, "requestedBytes", "totalBytes");
  return {
    name: "never-fits",
    message: `The request of ${size(requested)} is larger than the whole memory of ${size(total)}${sure ? "" : ", as far as the printed digits tell"}: no freeing makes it fit.`,
  };
};

function inUse({ processInUseBytes, allocatedBytes, totalBytes }: OomRecord): string {
  const used = processInUseBytes ?? allocatedBytes;
  if (used === null || totalBytes === null) return "";
  return `; the process holds ${size(used)} of ${size(totalBytes)}`;
}

/** The request was refused although it would fit into the printed free memory. */
export const refusedAlthoughFree: Rule = ({ record, balance }) => {
  const { requested, total, allocated = 0, cap, free } = balance;
  if (requested === undefined || isHost(record) || record.details.warningOnly === true) return undefined;
  // Then the cap explains the refusal.
  if (cap !== undefined && (total === undefined || cap < total)) return undefined;
  const isIntel = record.framework === "pytorch-xpu";
  const room = free ?? (isIntel && total !== undefined ? total - allocated : undefined);
  if (room === undefined || requested > room || (total !== undefined && requested > total)) return undefined;
  const asked = record.ranges.requestedBytes;
  const left = record.ranges.freeBytes;
  if (asked !== undefined && left !== undefined && asked[1] > left[0]) {
    return {
      name: "card-full",
      message: `The request and what is free agree as far as they are printed (${size(room)}): it failed by at most ${size(asked[1] - left[0])}${inUse(record)}.`,
    };
  }
  const reason = isIntel
    ? "some Intel drivers grant no single allocation above 4 GiB"
    : "no single range is that large, the system lacks memory to back it (Windows commits as much on the host), or another process held more at that moment";
  return {
    name: "refused-although-free",
    message: `${size(requested)} were refused with ${size(room)} free: ${reason}.`,
  };
};
