import { bytesIn } from "../../base/format.js";
import type { Result } from "../../record/schema.js";
import { escaped } from "./escape.js";

const FIELDS: [name: string, of: (environment: Result["environment"]) => string][] = [
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
  ["Optimising compilers", ({ compilers }) => compilers],
  ["Commit", ({ commit }) => (typeof commit === "string" ? commit : `unknown: ${commit.absent}`)],
];

/** The environment of all results. Where results differ, each value with the experiments that had it. */
export function environmentList(results: readonly Result[]): string {
  const lines = FIELDS.map(([name, of]) => {
    const values = new Map<string, string[]>();
    for (const { environment, title } of results) {
      const value = of(environment);
      values.set(value, [...(values.get(value) ?? []), title]);
    }
    const shown = [...values].map(
      ([value, titles]) =>
        `<dd>${escaped(value)}${values.size === 1 ? "" : ` <span class="of">${escaped(titles.join(", "))}</span>`}</dd>`,
    );
    return `<div><dt>${name}</dt>${shown.join("")}</div>`;
  });
  return `<dl>${lines.join("\n")}</dl>`;
}
