export const ROLLBACK_SCHEMA = "bytesper/rollback@1";
