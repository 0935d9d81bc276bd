/** CMake through cmake-js. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { prefixWithHeaders } from "../setup/addon.mjs";
import { findProgram } from "../setup/find-program.mjs";
import { runChild } from "../setup/run-child.mjs";
import { Stop } from "../setup/stop.mjs";

const require = createRequire(import.meta.url);
const TOOL = join(dirname(require.resolve("cmake-js/package.json")), "bin/cmake-js");

/** The addon also includes uv.h, which cmake-js does not bring with the headers of Node-API. */
export function nodeHeaders() {
  const prefix = prefixWithHeaders();
  if (prefix === undefined)
    throw new Stop(
      "This build needs Node's headers beside Node; install Node from its own archive, which has them.",
    );
  return { NODE_HEADERS: join(prefix, "include/node") };
}

/**
 * Configures the project in `directory` and builds one of its targets. Returns what was printed.
 *
 * @param config Release or Debug
 * @param settings CMake variables by name
 */
export async function cmakeBuild({ directory, out, target, config = "Release", settings = {} }) {
  if (findProgram(["cmake"]) === undefined)
    throw new Stop("This build needs cmake, which is not on the PATH; install cmake.");
  const common = ["--directory", directory, "--out", out, "--config", config];
  const variables = Object.entries(settings).map(([name, value]) => `--CD${name}=${value}`);
  const configured = await run(["configure", ...common, ...variables]);
  const parallel = ["--parallel", String(availableParallelism())];
  return configured + (await run(["build", ...common, "--target", target, ...parallel]));
}

async function run(args) {
  let output = "";
  const { code } = await runChild(process.execPath, [TOOL, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    onOutput: (text) => (output += text),
  });
  if (code !== 0)
    throw new Stop(`${output}cmake-js ended with ${code}; the lines above say why.`, { exitCode: 1 });
  return output;
}
