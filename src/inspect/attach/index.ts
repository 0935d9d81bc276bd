export { attach } from "./visit.js";
export { attachAnswer, readingLine, READING_HEADING } from "./text.js";
