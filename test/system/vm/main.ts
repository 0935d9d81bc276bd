import { ownGroup } from "../../../src/system/hierarchy.js";
import type { EnforcementKind } from "../../../src/record/cell.js";
import {
  certify,
  chooseEnforcement,
  ladder,
  readHostMemory,
  removeStaleGroups,
} from "../../../src/runner/limits/index.js";
import { hog } from "./children.js";
import type { Cell } from "./scenarios.js";
import { CAP_BYTES, MIB, grandchild, hogAndNeighbour, runCell, spikeAndFree, tree } from "./scenarios.js";

// The entry inside of the virtual machine: one step by its name, figures as lines on stdout.

const [, , name = "", step = "", kind] = process.argv;

function tell(figures: Record<string, unknown>): void {
  process.stdout.write(`BYTESPER ${JSON.stringify({ name, step, ...figures })}\n`);
}

function figuresOf({ said, end, evidence }: Cell): Record<string, unknown> {
  return { said: said.slice(-3), end, ...evidence };
}

/** All scenarios under one enforcement. */
async function scenarios(wanted: EnforcementKind | undefined): Promise<void> {
  const { enforcement } = await chooseEnforcement(wanted === undefined ? {} : { wanted });
  const { kind: chosen, description, exact } = enforcement;
  tell({ figure: "enforcement", kind: chosen, description, exact, own: ownGroup(2) });
  tell({ figure: "certificate", certificate: await certify(enforcement) });
  const { hog: hogCell, neighbour } = await hogAndNeighbour(enforcement);
  tell({ figure: "hog", capBytes: CAP_BYTES, ...figuresOf(hogCell) });
  tell({ figure: "neighbour", ...figuresOf(neighbour) });
  const { cell, ...own } = await spikeAndFree(enforcement);
  tell({ figure: "spike", ...own, ...figuresOf(cell) });
  tell({ figure: "tree", ...figuresOf(await tree(enforcement)) });
  tell({ figure: "grandchild", ...figuresOf(await grandchild(enforcement)) });
}

const STEPS: Record<string, () => Promise<void>> = {
  scenarios: () => scenarios(kind as EnforcementKind | undefined),
  ladder: async () => {
    tell({ figure: "ladder", rungs: await ladder(), host: readHostMemory(), own: ownGroup(2) });
  },
  /** Only that the enforcement works where this process is. */
  works: async () => {
    const { enforcement } = await chooseEnforcement({});
    const own = ownGroup(2);
    const cell = await runCell(enforcement, 256 * MIB, hog(CAP_BYTES));
    tell({ figure: "works", kind: enforcement.kind, own, ...figuresOf(cell) });
  },
  /** Opens a cell, says where, and waits to be killed. */
  abandon: async () => {
    const { enforcement } = await chooseEnforcement({});
    const limit = await enforcement.open({ id: "abandoned", capBytes: CAP_BYTES });
    tell({ figure: "abandoned", supervisorArguments: limit.supervisorArguments });
    setInterval(() => undefined, 1000);
  },
  stale: async () => {
    tell({ figure: "stale", removed: await removeStaleGroups() });
  },
};

try {
  await STEPS[step]?.();
  tell({ figure: "done" });
} catch (error) {
  tell({ figure: "failed", message: (error as Error).stack });
  process.exitCode = 1;
}
