export { estimateTable } from "./estimate-table.js";
export { publishedNote } from "./published-note.js";
export { summaryTable, verdict } from "./summary-table.js";
export { trainingTable, trainingVerdict } from "./training-table.js";
