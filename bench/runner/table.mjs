/**
 * The runner of grids against bare processes and GNU parallel, as Markdown on stdout:
 * node bench/runner/table.mjs [--cells N] [--large N] [--rounds N]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { wholeNumber } from "../attention/options.mjs";
import { conditions } from "../markdown.mjs";
import { trivialCells } from "./cells.mjs";
import { journalCost } from "./journal.mjs";
import { resumeLargeGrid } from "./resume.mjs";

/** What the runner adds to the cells that it runs. */
export async function runnerCost(rounds, { cells, large }) {
  return [
    "## What the runner costs",
    await journalCost(rounds),
    await trivialCells(rounds, cells),
    await resumeLargeGrid(rounds, large),
  ].join("\n\n");
}

async function main() {
  const text = (value) => ({ type: "string", default: value });
  const { values } = parseArgs({ options: { cells: text("1000"), large: text("10000"), rounds: text("3") } });
  const rounds = wholeNumber("rounds", values.rounds);
  const sizes = { cells: wholeNumber("cells", values.cells), large: wholeNumber("large", values.large) };
  console.log([conditions(rounds), await runnerCost(rounds, sizes)].join("\n\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}
