// Measures a class and runs a small grid; in this folder: node measure-and-grid.mjs
import { measure, runGrid } from "bytesper";

const { fit } = await measure("session.mjs#Session", { trials: 3 });
console.log(`one session: ${fit.perUnitBytes.value} B of heap and external memory`);

const command = [process.execPath, "hold.mjs", "{size}"];
const grid = { name: "buffers", unit: "MiB", factors: { size: [8, 64] }, population: "size", command };
const { results } = await runGrid(grid, { out: "results", onMessage: ({ text }) => console.error(text) });
for (const { factors, readings } of results[0].rows)
  console.log(`${factors.size} MiB: peak ${readings.peakBytes.value} B`);
