/**
 * V8 flags of a measured process. With the optimising compilers on, code that appears in the middle of a
 * measurement moves the heap by up to several hundred kilobytes; none of these flags changes the layout of objects.
 */
export function measuringFlags(compilers: "on" | "off", nodeVersion = process.versions.node): string[] {
  const major = Number(nodeVersion.split(".")[0]);
  const flags = [
    "--expose-gc",
    // One collector thread leaves no allocation buffers of helpers behind.
    "--single-threaded-gc",
    // Otherwise code that was not used for some collections is thrown away between readings,
    "--no-flush-bytecode",
    // and feedback is allocated some calls after the first, so that start-up cost would depend on the count.
    "--no-lazy-feedback-allocation",
  ];
  if (compilers === "on") return flags;
  // Maglev is on by default from Node 22; Node 20 may lack the flag.
  return [...flags, "--no-opt", "--no-sparkplug", ...(major >= 22 ? ["--no-maglev"] : [])];
}

/**
 * glibc keeps freed chunks in a cache per thread and counts them as in use; without the cache the counter
 * follows each malloc and free.
 */
export function measuringEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const tunables = [base.GLIBC_TUNABLES, "glibc.malloc.tcache_count=0"].filter(Boolean).join(":");
  return { ...base, GLIBC_TUNABLES: tunables, NODE_OPTIONS: "" };
}
