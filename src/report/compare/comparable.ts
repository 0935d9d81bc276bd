import { counted } from "../../base/format.js";
import type { Result } from "../../record/schema.js";

type Setting = string | number | boolean | undefined;

/** Why two results cannot be compared (obstacles), and why a comparison is doubtful (doubts). */
export interface Comparability {
  /** Empty if the two can be compared. */
  obstacles: string[];
  doubts: { name: string; message: string }[];
}

/** Settings that change how often or in which order something is measured, but not what is measured. */
const HARMLESS = new Set([
  "trials",
  "seed",
  "quick",
  "instances",
  "instructionSet",
  "deviceCapBytes",
  "selection",
]);

/** Whether two results measure the same thing in the same way. */
export function comparability(base: Result, next: Result): Comparability {
  const obstacles: string[] = [];
  const doubts: Comparability["doubts"] = [];
  const [from, to] = [base.environment, next.environment];
  const obstacle = (what: string, before: Setting, after: Setting): void => {
    if (before !== after) obstacles.push(`${what}: ${text(before)} in BASE, ${text(after)} in NEW`);
  };
  const doubt = (name: string, what: string, before: Setting, after: Setting): void => {
    if (before !== after)
      doubts.push({ name, message: `${what}: ${text(before)} in BASE, ${text(after)} in NEW.` });
  };
  obstacle("experiment", base.experiment, next.experiment);
  obstacle("unit", base.unit, next.unit);
  obstacle("major version of Node", major(from.node), major(to.node));
  obstacle("architecture", from.arch, to.arch);
  obstacle("memory limit", from.enforcement, to.enforcement);
  obstacle("optimising compilers", from.compilers, to.compilers);
  obstacle("flags of Node", from.flags.join(" "), to.flags.join(" "));
  for (const name of new Set([...Object.keys(base.settings), ...Object.keys(next.settings)]))
    if (!HARMLESS.has(name)) obstacle(`setting ${name}`, base.settings[name], next.settings[name]);
  obstacle("line through", lineSource(base), lineSource(next));
  if (major(from.node) === major(to.node)) doubt("other-node", "Another version of Node", from.node, to.node);
  doubt("other-cpu", "Another processor", from.cpu, to.cpu);
  doubt("other-system", "Another system", from.os, to.os);
  doubt("other-seed", "Another seed, so generated content differs", base.settings.seed, next.settings.seed);
  doubt(
    "other-instructions",
    "Other instructions",
    base.settings.instructionSet,
    next.settings.instructionSet,
  );
  doubt("other-cap", "Another cap of the device", base.settings.deviceCapBytes, next.settings.deviceCapBytes);
  if (shapeOf(base) !== shapeOf(next) && shapeOf(base) !== "unknown" && shapeOf(next) !== "unknown")
    doubt("other-shape", "The line has another shape", shapeOf(base), shapeOf(next));
  for (const [name, result] of [
    ["BASE", base],
    ["NEW", next],
  ] as const)
    if (!result.complete)
      doubts.push({
        name: "incomplete",
        message: `${name} is incomplete: ${counted(result.missing.length, "cell")} ${result.missing.length === 1 ? "is" : "are"} missing.`,
      });
  return { obstacles, doubts };
}

function major(version: string): string {
  return version.replace(/^v/, "").split(".")[0] ?? version;
}

function lineSource({ fit }: Result): string {
  return "absent" in fit ? "heap and external" : (fit.source ?? "heap and external");
}

function shapeOf({ fit }: Result): string {
  return "absent" in fit ? "unknown" : fit.shape;
}

function text(value: Setting): string {
  if (value === undefined) return "not set";
  return value === "" ? "none" : value.toString();
}
