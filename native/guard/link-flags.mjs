/**
 * Prints the linker's flags for the cell guard, for binding.gyp. Linked statically it starts faster, has fewer pages
 * and runs on systems with an older C library. Not every system has a static one, and the sanitizers work with none.
 */
import { spawnSync } from "node:child_process";

const { CXX, CXXFLAGS = "", LDFLAGS = "" } = process.env;
const [compiler = "", ...flags] = (CXX?.trim() || "g++").split(/\s+/);
const sanitized = `${CXXFLAGS} ${LDFLAGS}`.includes("-fsanitize");
const { stdout } = spawnSync(compiler, [...flags, "-print-file-name=libc.a"], { encoding: "utf8" });
// A compiler answers with the bare name where it has no such file.
if (!sanitized && stdout?.includes("/")) console.log("-static");
