export { measureImport } from "./run.js";
export { importText } from "./text.js";
