/** Writes the JSON Schema of a result beside the built code; part of the set-up, after the compiler. */
import { writeFileSync } from "node:fs";
import { resultJsonSchema } from "../dist/record/schema.js";

const file = new URL("../dist/record/result.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(resultJsonSchema(), null, 2)}\n`);
