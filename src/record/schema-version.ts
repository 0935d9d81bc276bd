/** Name and major version of the shape of `result.json`; apart from the schema, which few who write it need to load. */
export const RESULT_SCHEMA = "bytesper/result@1";
