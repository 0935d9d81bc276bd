import { join } from "node:path";
import { parseSnapshotFile } from "../../measure/snapshot/parse.js";
import { findLeak } from "./find.js";
import { AFTER, BEFORE } from "./snapshots.js";

// Entry of the process that compares two snapshots. Arguments: their folder and the number of instances.
// Output: one line of JSON.
const [folder = "", instances = ""] = process.argv.slice(2);
const before = parseSnapshotFile(join(folder, BEFORE));
const ids = before.nodeId.slice();
before.close();
const after = parseSnapshotFile(join(folder, AFTER));
process.stdout.write(`${JSON.stringify(findLeak(after, ids, Number(instances)))}\n`);
after.close();
