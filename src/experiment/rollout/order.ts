import type { Stage } from "./plan.js";

/** Stages that each stage must come after, by name; the stage before it in the list unless it says. */
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
 * The stages in an order in which each comes after those that it needs, as in the list where there is a choice;
 * or a cycle, its first name repeated at the end.
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

/** Every stage that is left waits for another that is left: following the waits comes back to where it was. */
function cycleIn(needs: ReadonlyMap<string, readonly string[]>, done: ReadonlySet<string>): string[] {
  const path: string[] = [];
  let at = [...needs.keys()].find((name) => !done.has(name)) ?? "";
  while (!path.includes(at)) {
    path.push(at);
    at = needs.get(at)?.find((each) => !done.has(each)) ?? "";
  }
  return [...path.slice(path.indexOf(at)), at];
}
