/** Writes the script of the page of results beside the built code; part of the set-up, after the compiler. */
import { writeFileSync } from "node:fs";
import { bundlePageScript } from "../dist/report/html/script.js";

writeFileSync(new URL("../dist/report/html/page-script.js", import.meta.url), bundlePageScript());
