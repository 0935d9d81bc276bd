import type { Compilers } from "../../record/cell.js";

/**
 * V8 flags of a measured process. With the optimising compilers on, compiled code that appears during a
 * measurement changes the heap by up to several hundred kilobytes. None of these flags changes the layout of
 * objects.
 */
export function measuringFlags(compilers: Compilers, nodeVersion = process.versions.node): string[] {
  const major = Number(nodeVersion.split(".")[0]);
  const flags = [
    "--expose-gc",
    // With several collector threads, helper threads would leave allocation buffers behind.
    "--single-threaded-gc",
    // Without this flag, V8 discards code that was unused for some collections, between two readings.
    "--no-flush-bytecode",
    // Without this flag, V8 allocates feedback only after some calls, so the start-up cost would depend on
    // the number of calls.
    "--no-lazy-feedback-allocation",
  ];
  if (compilers === "on") return flags;
  return [
    ...flags,
    ...["--no-opt", "--no-sparkplug"],
    // V8 compiles WebAssembly that is often called again in the background, with up to 27 MB of malloc at a time.
    "--liftoff-only",
    // Maglev is on by default from Node 22. Node 20 may not know the flag.
    ...(major >= 22 ? ["--no-maglev"] : []),
  ];
}

/**
 * Environment of a measured process. glibc keeps freed chunks in a cache per thread and counts them as in
 * use. Without that cache, the counter follows each malloc and free.
 */
export function measuringEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const tunables = [base.GLIBC_TUNABLES, "glibc.malloc.tcache_count=0"].filter(Boolean).join(":");
  return { ...base, GLIBC_TUNABLES: tunables, NODE_OPTIONS: "" };
}
