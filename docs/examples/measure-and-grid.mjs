// Measures a class and runs a small grid: node measure-and-grid.mjs
import { measure, runGrid } from "bytesper";

const { fit } = await measure(new URL("./session.mjs#Session", import.meta.url), { trials: 3 });
console.log(`one session: ${fit.perUnitBytes.value} B of heap and external memory`);

const hold =
  "Buffer.alloc(process.argv[1] * 2 ** 20, 1); console.log(JSON.stringify({ heldMiB: +process.argv[1] }))";
const command = [process.execPath, "-e", hold, "{size}"];
const grid = { name: "buffers", unit: "MiB", factors: { size: [8, 64] }, population: "size", command };
const { results, out } = await runGrid(grid, {
  out: "results",
  onMessage: ({ text }) => console.error(text),
});
for (const { factors, readings } of results[0].rows)
  console.log(`${factors.size} MiB: peak ${readings.peakBytes.value} B`);
console.log(`all of it: ${out}`);
