import type { Stage } from "./plan.js";

/**
 * For each stage the names of the stages that must come before it; the default is the stage before it in the
 * list.
 */
export function predecessorsOf(stages: readonly Stage[]): Map<string, string[]> {
  return new Map(
    stages.map(({ name, after }, index) => {
      const before = stages[index - 1]?.name;
      const implied = before === undefined ? [] : [before];
      return [name, after === undefined ? implied : typeof after === "string" ? [after] : [...after]];
    }),
  );
}

/**
 * Sorts the stages so that each comes after those that it needs; otherwise they keep the order of the list.
 * If that is impossible, returns a cycle that ends with its first name.
 */
export function inOrder(stages: readonly Stage[]): { order: Stage[] } | { cycle: string[] } {
  const needs = predecessorsOf(stages);
  const order: Stage[] = [];
  const done = new Set<string>();
  while (order.length < stages.length) {
    const next = stages.find(
      ({ name }) => !done.has(name) && needs.get(name)?.every((each) => done.has(each)),
    );
    if (next === undefined) return { cycle: cycleIn(needs, done) };
    order.push(next);
    done.add(next.name);
  }
  return { order };
}

/**
 * Every remaining stage waits for another remaining stage, so following the waits must return to a stage
 * already seen.
 */
function cycleIn(needs: ReadonlyMap<string, readonly string[]>, done: ReadonlySet<string>): string[] {
  const path: string[] = [];
  let at = [...needs.keys()].find((name) => !done.has(name)) ?? "";
  while (!path.includes(at)) {
    path.push(at);
    at = needs.get(at)?.find((each) => !done.has(each)) ?? "";
  }
  return [...path.slice(path.indexOf(at)), at];
}
