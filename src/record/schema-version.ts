/**
 * Name and major version of the shape of `result.json`. In a file of its own, because most code that writes
 * it does not need to load the schema.
 */
export const RESULT_SCHEMA = "bytesper/result@1";
