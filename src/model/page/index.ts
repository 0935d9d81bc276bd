export { estimateTable } from "./estimate-table.js";
export { publishedNote } from "./published-note.js";
