import type { WallName } from "../../record/fits.js";
import type { HeldEnd } from "./run-held.js";

const DESCRIPTORS = /\bEMFILE\b|\bENFILE\b|too many open files/i;
const LANGUAGE =
  /\b(?:Map|Set) maximum size exceeded|Invalid (?:array|string|typed array) length|Cannot create a string longer/;

/** Which wall ended the process; undefined where it was none, such as a time limit or a crash. */
export function wallOf({
  outcome,
  cause = "",
  reached,
  code,
}: Pick<HeldEnd, "outcome" | "cause" | "reached" | "code">): WallName | undefined {
  if (DESCRIPTORS.test(cause)) return "descriptors";
  if (LANGUAGE.test(cause)) return "language";
  switch (outcome) {
    case "oom-heap":
      return "heap";
    case "oom-cap":
      return "container";
    case "oom-alloc":
      return "native";
    default:
      return code === "SUBJECT_THREW" && reached > 0 ? "subject" : undefined;
  }
}
