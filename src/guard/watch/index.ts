export { guardLogger } from "./guard-logger.js";
export { readRulesFile } from "./rules-file.js";
export { watchCommand } from "./watch.js";
