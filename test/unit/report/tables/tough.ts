import type { Table } from "../../../../src/base/table/table.js";

/** One table with a cell of each kind and every text that some writer could take for a mark of its own. */
export const TOUGH: Table = {
  caption: 'Sizes of "Map<K, V>" & others, 100 % of #1',
  columns: [
    { title: "class_name", align: "left" },
    { title: "heap", align: "right", unit: "KiB", notes: ["KiB are powers of 1024."] },
    { title: "share", align: "right" },
    { title: "time", align: "right", unit: "ms" },
    { title: "note", align: "left" },
  ],
  rows: [
    [
      "A|B\\C",
      { value: 1_755_136, low: 1_744_896, high: 1_765_376, shown: "1,710", range: ["1,700", "1,720"] },
      { value: 0.859, shown: "85.9", suffix: " %" },
      { value: 2.5, shown: "2.50" },
      "=SUM(A1:A9)",
    ],
    [
      "__proto__ {x}^2~$y",
      { absent: "no driver_v2 (100 %)" },
      { value: -0.05, shown: "-5.0", suffix: " %" },
      { censored: "> 8,000.5", reason: "the cap of the cell", above: 8000.5 },
      '@cmd, "quoted"; --expose-gc',
    ],
    [
      "µ-é-ß-Ω \u00a0²—–…",
      { value: 0, low: 0, high: 0, shown: "0.00" },
      { value: 0.01, shown: "1.0", suffix: " %" },
      { absent: "no driver_v2 (100 %)" },
      "😀 שלום \u202eabc\u001b[31m",
    ],
    [
      "[line\r\nbreak]\ttab*",
      { value: 1024, shown: "1" },
      "linear",
      { value: 1_234_567.891, shown: "1,234,568" },
      "- <b>[a](b)</b> `code` ''",
    ],
  ],
  notes: ["`gc()` ran & the rest did not."],
  conditions: "Node 20 on Linux, Test CPU; memory limit: none; optimising compilers off.",
};
