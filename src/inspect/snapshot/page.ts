import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createHash } from "node:crypto";
import { packageMissing } from "../../base/optional-package.js";
import { writeNamed } from "../../base/write.js";
import type { SnapshotAnswer } from "./answer.js";
import type { TreeNode } from "./tree.js";
import { shortBytes } from "./short.js";

const require = createRequire(import.meta.url);

/**
 * Writes one page with a treemap that needs no network. Throws `NO_PACKAGE` where ECharts is not installed,
 * `WRITE_FAILED`.
 */
export function writeTreemap(path: string, answer: SnapshotAnswer, tree: TreeNode): void {
  writeNamed(path, treemapPage(answer, tree, chartLibrary()));
}

function chartLibrary(): string {
  try {
    return readFileSync(require.resolve("echarts/dist/echarts.min.js"), "utf8");
  } catch (error) {
    throw packageMissing("Treemaps", ["echarts"], error);
  }
}

function treemapPage(answer: SnapshotAnswer, tree: TreeNode, library: string): string {
  const script = `${library.replace(/<(?=\/script|!--)/gi, "\\x3C")}\n${CLIENT}`;
  const hash = createHash("sha256").update(script).digest("base64");
  const { path = "", totalBytes = 0 } = answer.files.at(-1) ?? {};
  return `${[
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    "<title>Heap snapshot</title>",
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:1rem}#map{height:80vh;min-height:24rem}</style>",
    "</head>",
    "<body>",
    `<h1>Heap snapshot</h1><p>${escaped(path)}, ${shortBytes(totalBytes)}</p>`,
    `<p>${escaped(answer.verdict)}</p>`,
    "<p>What an object keeps alive lies in its box. A click on a box enlarges it.</p>",
    '<div id="map" role="img" aria-label="Treemap of what keeps what alive"></div>',
    `<script type="application/json" id="data">${JSON.stringify(tree).replace(/</g, "\\u003c")}</script>`,
    `<script>${script}</script>`,
    "</body>",
    "</html>",
  ].join("\n")}\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Runs in the reader's browser. */
const CLIENT = `
const tree = JSON.parse(document.getElementById("data").textContent);
const chart = echarts.init(document.getElementById("map"));
const bytes = (value) => value < 1e4 ? value + " B" : value < 1e7 ? (value / 1e3).toFixed(2) + " kB" : (value / 1e6).toFixed(2) + " MB";
const text = (value) => echarts.format.encodeHTML(value);
chart.setOption({
  tooltip: { formatter: ({ name, value, treePathInfo = [] }) =>
    treePathInfo.slice(1).map((box) => text(box.name)).join(" &gt; ") + "<br>" + bytes(value) +
    " (" + (100 * value / tree.value).toFixed(1) + " %)" },
  series: [{
    type: "treemap", data: tree.children || [tree], leafDepth: 3, roam: false,
    label: { formatter: ({ name, value }) => name + "\\n" + bytes(value) },
    upperLabel: { show: true, height: 20, formatter: ({ name, value }) => name + "  " + bytes(value) },
    levels: [{ itemStyle: { gapWidth: 3 } }, { itemStyle: { gapWidth: 2 }, colorSaturation: [0.3, 0.6] }, { itemStyle: { gapWidth: 1 } }],
  }],
});
addEventListener("resize", () => chart.resize());
`;
