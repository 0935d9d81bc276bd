export { estimateAnswer } from "./estimate-answer.js";
export { estimateTable } from "./estimate-table.js";
export { publishedNote } from "./published-note.js";
export { trainingAnswer, trainingTable } from "./training-table.js";
