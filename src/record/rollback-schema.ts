/** The schema of a `rollback.json`. */
export const ROLLBACK_SCHEMA = "bytesper/rollback@1";
