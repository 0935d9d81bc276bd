export { attach } from "./visit.js";
export { attachText, readingLine, READING_HEADING } from "./text.js";
