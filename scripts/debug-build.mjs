/**
 * Builds the addon and the supervisor for a debugger into build/Debug, with compile_commands.json for editors in
 * build/cmake-debug. BYTESPER_BUILD=Debug makes the program use them. Exit 3: this machine cannot do it.
 */
import { cmakeBuild, nodeHeaders } from "./kernels/cmake.mjs";
import { inRoot } from "./setup/paths.mjs";
import { Stop } from "./setup/stop.mjs";

try {
  for (const target of ["addon", "supervisor"])
    await cmakeBuild({
      directory: inRoot("."),
      out: inRoot("build/cmake-debug"),
      config: "Debug",
      settings: { ...nodeHeaders(), CMAKE_LIBRARY_OUTPUT_DIRECTORY: inRoot("build/Debug") },
      target,
    });
  console.log("build/Debug: bytesper.node and cell-supervisor; use them with BYTESPER_BUILD=Debug");
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
