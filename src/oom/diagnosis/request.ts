import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { isFreeEnough, surelyAbove } from "../balance.js";
import type { Rule } from "./diagnosis.js";
import { isHost } from "./diagnosis.js";
import type { OomRecord } from "../record.js";

/** A card has at most a few hundred GiB and a host a few TiB. A request beyond that is a mistake. */
const MOST_ON_A_CARD = 2 ** 40;
const MOST_ON_A_HOST = 2 ** 42;

export const absurdRequest: Rule = ({ record, balance: { requested, total = 0 } }) => {
  if (record.details.arena === true) return undefined;
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
  if (free !== undefined && !isFreeEnough(record, balance)) return undefined;
  const reason = isIntel
    ? "some Intel drivers grant no single allocation above 4 GiB"
    : "the card is not what was short. On Windows the driver commits main memory (RAM and page file) for it; else a limit of the container, no single range that large, or another process that held more at that moment";
  return {
    name: "refused-although-free",
    message: `${size(requested)} were refused with ${size(room)} free: ${reason}.`,
  };
};

/** The request and what is free are equal as far as they are printed. */
export const byAHair: Rule = ({ record, balance }) => {
  const { requested, free } = balance;
  if (requested === undefined || free === undefined || requested > free || isHost(record)) return undefined;
  if (isFreeEnough(record, balance) || record.details.warningOnly === true) return undefined;
  return {
    name: "card-full",
    message: `${size(requested)} were asked for and about as much was free (${size(free)}), so it failed by a little${inUse(record)}.`,
  };
};
