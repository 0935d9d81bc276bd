/**
 * Checks the layout of the C++ and C sources, or with --fix corrects it. Exit 0 means checked and in order;
 * 1 that a file differs; 3 that nothing could be checked.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { findProgram } from "./setup/find-program.mjs";
import { ROOT, inRoot } from "./setup/paths.mjs";

const VERSIONS = [14, 15, 16, 17, 18, 19, 20, 21];
const NAMES = ["clang-format", ...VERSIONS.map((version) => `clang-format-${version}`)];

function sourcesIn(folder, pattern) {
  const names = readdirSync(inRoot(folder), { recursive: true });
  return names.filter((name) => pattern.test(name)).map((name) => `${folder}/${name}`);
}

function main(args) {
  const unknown = args.find((arg) => arg !== "--fix");
  if (unknown !== undefined) {
    console.error(`clang-format.mjs takes --fix or nothing, not ${unknown}.`);
    return 2;
  }
  const program = findProgram(NAMES);
  if (program === undefined) {
    console.error(
      "The C++ sources were not checked: there is no clang-format on the PATH; install it (apt install clang-format).",
    );
    return 3;
  }
  const files = [
    ...sourcesIn("native", /\.(h|cc|cu|cuh)$/),
    ...sourcesIn("test/native", /\.(h|cc)$/),
    ...sourcesIn("test/addon/stand-in", /\.c$/),
  ];
  const mode = args.includes("--fix") ? ["-i"] : ["--dry-run", "--Werror"];
  const { status, error } = spawnSync(program, [...mode, ...files], { cwd: ROOT, stdio: "inherit" });
  if (error !== undefined) {
    console.error(`The C++ sources were not checked: ${program} did not run (${error.message}).`);
    return 3;
  }
  return status === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
