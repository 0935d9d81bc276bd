export type {
  ResultFit,
  ResultLine,
  ResultReading,
  ResultRow,
  ResultRowReading,
  ResultWarning,
} from "./schema.js";
export type { Result } from "./schema.js";
export { parseResult } from "./schema.js";
