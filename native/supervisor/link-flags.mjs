/**
 * Prints linker flags for the supervisor; binding.gyp uses them. A statically linked program starts faster,
 * has fewer pages and runs on systems with an older C library. Not every system has a static C library, and
 * sanitizers do not work with one.
 */
import { spawnSync } from "node:child_process";

const { CXX, CXXFLAGS = "", LDFLAGS = "" } = process.env;
const [compiler = "", ...flags] = (CXX?.trim() || "g++").split(/\s+/);
const sanitized = `${CXXFLAGS} ${LDFLAGS}`.includes("-fsanitize");
const { stdout } = spawnSync(compiler, [...flags, "-print-file-name=libc.a"], { encoding: "utf8" });
// If the file is missing, the compiler prints only its name.
if (!sanitized && stdout?.includes("/")) console.log("-static");
