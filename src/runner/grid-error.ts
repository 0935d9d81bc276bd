import type { ErrorCode } from "../base/errors.js";
import { BytesperError } from "../base/errors.js";
import type { Grid } from "./run-grid.js";

/** A grid that started and did not end well. It holds what was measured until then. */
export class GridError extends BytesperError {
  /** The results that are there: of every experiment that could be measured. */
  readonly grid: Grid;

  constructor(code: ErrorCode, message: string, grid: Grid, options?: ErrorOptions) {
    super(code, message, options);
    this.grid = grid;
  }
}
