import { bytesIn } from "../../base/format.js";
import { kindOf } from "../../record/kind.js";
import type { Result } from "../../record/schema.js";
import { KIND_PAGES } from "../kind-pages.js";
import { escaped } from "./escape.js";

const FIELDS: [name: string, of: (environment: Result["environment"], result: Result) => string][] = [
  ["Node", ({ node, v8 }) => `${node} (V8 ${v8})`],
  ["System", ({ os, arch }) => `${os}, ${arch}`],
  ["Processor", ({ cpu }) => cpu],
  ["Memory", ({ memoryBytes }) => `${bytesIn(memoryBytes, "GiB")} GiB`],
  ["Memory limit", ({ enforcement }) => enforcement],
  [
    "Devices",
    ({ devices }) =>
      devices.length === 0
        ? "none listed"
        : devices
            .map(
              ({ name, totalBytes, driver }) =>
                `${name}, ${bytesIn(totalBytes, "GiB")} GiB, driver ${driver}`,
            )
            .join("; "),
  ],
  [
    "Optimising compilers",
    ({ compilers }, result) =>
      KIND_PAGES[kindOf(result)].hasOurFlags ? compilers : "as each command sets them",
  ],
  ["Commit", ({ commit }) => (typeof commit === "string" ? commit : `unknown: ${commit.absent}`)],
];

/** The environment of all results. Where results differ, each value with the experiments that had it. */
export function environmentList(results: readonly Result[]): string {
  const lines = FIELDS.map(([name, of]) => {
    const values = new Map<string, string[]>();
    for (const result of results) {
      const value = of(result.environment, result);
      values.set(value, [...(values.get(value) ?? []), result.title]);
    }
    const shown = [...values].map(
      ([value, titles]) =>
        `<dd>${escaped(value)}${values.size === 1 ? "" : ` <span class="of">${escaped(titles.join(", "))}</span>`}</dd>`,
    );
    return `<div><dt>${name}</dt>${shown.join("")}</div>`;
  });
  return `<dl>${lines.join("\n")}</dl>`;
}
