export { measureImport } from "./run.js";
export { importAnswer } from "./text.js";
