import type { SpokenFramework } from "./framework.js";

export const sbcl: SpokenFramework = {
  name: "sbcl",
  title: "SBCL",
  memory: "host",
  // The table of generations stands between the first words and the last.
  reach: 4000,
  messages: [
    {
      text: "Heap exhausted during <<garbage collection||allocation>>: {whole:freeBytes} bytes available, {whole:requestedBytes} requested",
      means: ["heap-limit", "SBCL's heap is full[[ at its limit of {limit}]]; it asked for {requested}."],
    },
    {
      text: "Dynamic-space-size bytes = {whole:limitBytes}",
      means: ["heap-limit", "SBCL's heap of {limit} is full."],
    },
    {
      text: "Heap exhausted, game over",
      means: ["heap-limit", "SBCL's heap is full."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Start it with a larger heap (the number is in megabytes)",
      paste: ({ record: { details } }) =>
        `sbcl --dynamic-space-size ${Math.max(4096, Math.ceil((2 * (details.limitBytes ?? 0)) / 2 ** 20))}`,
      why: "The copying collector needs room for a copy of what survives, so half of the heap may be full already.",
    },
    { do: "Collect before the step that fails", paste: "(sb-ext:gc :full t)" },
  ],
};

export const ghc: SpokenFramework = {
  name: "ghc",
  title: "a Haskell program",
  memory: "host",
  reach: 300,
  messages: [
    {
      text: "Current maximum heap size is {whole:limitBytes} bytes",
      means: ["heap-limit", "The heap of a Haskell program met its limit of {limit}."],
    },
    {
      text: "eap exhausted;",
      means: ["heap-limit", "The heap of a Haskell program met its limit."],
      stands: "end",
    },
    {
      text: "internal error: Unable to commit {whole:requestedBytes} bytes of memory",
      means: ["host-memory", "The system gave a Haskell program (or the compiler GHC) no {requested} more."],
    },
    {
      text: "out of memory (requested {whole:requestedBytes} bytes)",
      means: ["host-memory", "The system gave a Haskell program no {requested} more."],
      when: (view, { index }) => !/postgres|memcache/i.test(view.rawBefore(index, 100)),
    },
  ],
  advice: [
    {
      for: ["heap-limit"],
      do: "Raise the limit of its heap",
      paste: "+RTS -M4g -RTS   (or GHCRTS=-M4g in the environment)",
    },
    {
      for: ["host-memory"],
      do: "Compile fewer modules at once, and with less optimisation",
      paste: "cabal build -j1 --ghc-options='-j1 +RTS -A16m -RTS'",
    },
    { for: ["host-memory"], do: "Add memory or swap, or raise the limit of the container" },
    { do: "Let the collector compact, which needs no room for a copy", paste: "+RTS -c -RTS" },
  ],
};

export const dart: SpokenFramework = {
  name: "dart",
  title: "Dart",
  memory: "host",
  messages: [
    {
      text: "Exhausted heap space, trying to allocate {whole:requestedBytes} bytes",
      means: ["heap-limit", "Dart's heap met its limit; it asked for {requested}."],
    },
  ],
  advice: [
    {
      do: "Raise the limit of the old generation (in MB)",
      paste: "dart --old_gen_heap_size=4096 FILE.dart   (tools: DART_VM_OPTIONS=--old_gen_heap_size=4096)",
    },
    {
      do: "If it asks for gigabytes at once, a list grows without end: look for a loop in a builder or a generator",
    },
  ],
};

export const bun: SpokenFramework = {
  name: "bun",
  title: "Bun",
  memory: "host",
  messages: [
    {
      text: "attempt to unwrap error: OutOfMemory",
      means: ["host-memory", "The system gave Bun no more memory."],
      stands: "free",
    },
    {
      text: "panic<<(main thread)>>: Out of memory",
      means: ["host-memory", "The system gave Bun no more memory."],
      stands: "end",
    },
    {
      text: "Bun ran out of memory",
      means: ["host-memory", "The system gave Bun no more memory."],
      stands: "alone",
    },
    {
      text: "Bun has run out of memory",
      means: ["host-memory", "The system gave Bun no more memory."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Let the collector work harder", paste: "bun --smol FILE" },
    {
      do: "Add memory, or on Windows enlarge the page file; the line RSS | Peak | Commit above the panic shows what it held",
    },
  ],
};

export const chromium: SpokenFramework = {
  name: "chromium",
  title: "a page of Chromium (Chrome, Electron)",
  memory: "host",
  reach: 400,
  messages: [
    "Renderer process oom - see",
    "Reason: oom<<,||.>> Exit <<code||Code>>: -536870904",
    "reason=oom exitCode=-536870904",
    '"reason":"oom","exitCode":',
    '\\"reason\\":\\"oom\\",\\"exitCode\\":',
    "reason: 'oom', exitCode:",
    "exitCode: -536870904, reason: oom",
    "Error code: Out of Memory",
  ].map((text): SpokenFramework["messages"][number] => ({
    text,
    means: [
      "heap-limit",
      "The page's process met V8's heap limit (about 4 GB in Chromium, whatever the machine has) or could get no more memory.",
    ],
    stands: "free",
  })),
  advice: [
    {
      do: "Compare two heap snapshots of the page, a while apart (DevTools, Memory), for what grows",
      paste: "bytesper snapshot FIRST.heapsnapshot SECOND.heapsnapshot",
      why: "Pointers of 32 bits hold the heap of one page below 4 GB; more memory does not raise that.",
    },
    { do: "Keep large binary data in an ArrayBuffer or a Blob, which are outside that heap" },
    {
      do: "On Windows, enlarge the page file: the system refuses memory at its commit limit even where some is free",
    },
  ],
};

export const v8Cage: SpokenFramework = {
  name: "v8-cage",
  title: "V8",
  memory: "host",
  messages: [
    {
      text: "Fatal process out of memory: Oilpan: CagedHeap reservation",
      means: [
        "own-limit",
        "V8 could not reserve the address space of its heap, gigabytes of which it uses hardly any: a limit of virtual memory stands in the way, not the memory.",
      ],
      stands: "free",
    },
    ...[
      "CodeRange setup",
      "SegmentedTable::InitializeTable",
      "Failed to reserve virtual memory for CodeRange",
    ].map((reason): SpokenFramework["messages"][number] => ({
      text: `Fatal process out of memory: ${reason}`,
      means: [
        "own-limit",
        "V8 could not reserve address space, of which it uses hardly any: a limit of virtual memory stands in the way, not the memory.",
      ],
      stands: "free",
    })),
  ],
  advice: [
    {
      do: "Lift the limit of virtual memory of the shell, the job or the service",
      paste: "ulimit -v unlimited   (LimitAS=infinity in a unit of systemd)",
    },
    { do: "Show the limits of the process that starts it", paste: "ulimit -a; cat /proc/self/limits" },
    { do: "On a kernel with 39 bits of addresses, take a build without the cage, or another kernel" },
  ],
};

export const wasm: SpokenFramework = {
  name: "wasm",
  title: "a WebAssembly program",
  memory: "host",
  reach: 400,
  messages: [
    {
      text: "Cannot enlarge memory<< arrays>><< in asm.js>><< to size {whole:wantedBytes} bytes (OOM)>>. Either (1) compile with {any:60} higher than the current value {whole:limitBytes}",
      means: ["heap-limit", "The program's memory met its size of {limit}, which it was compiled with."],
    },
    {
      text: "Cannot enlarge memory<< arrays>> to size {whole:wantedBytes} bytes",
      means: ["heap-limit", "The program wanted {wanted} of memory, more than it was compiled for."],
    },
    {
      text: "Cannot enlarge memory, requested {whole:wantedBytes} bytes, but the limit is {whole:limitBytes} bytes",
      means: ["heap-limit", "The program wanted {wanted} of memory; its limit is {limit}."],
    },
    {
      text: "Attempted to grow heap from {whole:allocatedBytes} bytes to {whole:wantedBytes} bytes, but got error",
      means: ["host-memory", "The browser or system let its memory not grow from {allocated} to {wanted}."],
    },
    {
      text: "RangeError: WebAssembly.Memory(): could not allocate memory",
      means: [
        "host-memory",
        "The engine could not reserve the memory that the program declares: too much for this process, or too many instances.",
      ],
      stands: "free",
    },
    {
      text: "RangeError: WebAssembly.Memory.grow(): <<Unable to grow instance memory||Maximum memory size exceeded>>",
      means: ["heap-limit", "The program's memory could not grow: its declared maximum, or the system."],
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["heap-limit"],
      do: "Compile it so that its memory may grow",
      paste: "emcc -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=4GB",
    },
    {
      for: ["host-memory"],
      do: "Declare a smaller maximum, and drop instances that are done",
      paste: "new WebAssembly.Memory({ initial: 256, maximum: 4096 })",
      why: "Engines reserve address space for the maximum; a 32-bit process or a phone has little of it.",
    },
    { do: "Close other tabs, or hold less data in the program at once" },
  ],
};

export const perl: SpokenFramework = {
  name: "perl",
  title: "Perl",
  memory: "host",
  messages: [
    {
      text: 'Out of memory during<< "large">> request for {whole:requestedBytes} bytes, total sbrk() is {whole:allocatedBytes} bytes',
      means: ["host-memory", "The system gave Perl no {requested} more; it holds {allocated}."],
    },
    {
      text: "Out of memory in perl:{word:reason}",
      means: ["host-memory", "The system gave Perl no more memory."],
      stands: "line",
    },
    {
      text: "Out of memory!",
      means: ["host-memory", "The system gave Perl (or a program that prints like it) no more memory."],
      certainty: "likely",
      stands: "line",
      when: (view, match) => view.isLineStart(match.index + match[0].length),
    },
  ],
  advice: [
    { do: "Read the data line by line, and keep no whole file or result set in memory" },
    { do: "Add memory or swap; check ulimit -v and the limit of the container" },
  ],
};

export const fortran: SpokenFramework = {
  name: "fortran",
  title: "a Fortran program",
  memory: "host",
  messages: [
    {
      text: "forrtl: severe (41): insufficient virtual memory",
      means: ["host-memory", "The system refused an array of a Fortran program."],
      stands: "free",
    },
    {
      text: "Error allocating {whole:requestedBytes} bytes",
      means: ["host-memory", "The system refused an array of {requested}."],
    },
    {
      text: "Error allocating {whole:requestedBytes} bytes Error termination",
      means: ["host-memory", "The system refused an array of {requested}."],
    },
    {
      text: "Operating system error: Cannot allocate memory",
      means: ["host-memory", "The system refused an array of a Fortran program."],
      stands: "line",
    },
    {
      text: "Allocation would exceed memory limit",
      means: ["host-memory", "The system refused an array of a Fortran program."],
      stands: "line",
    },
  ],
  advice: [
    {
      do: "Raise the limits of the process, the stack too: arrays without a fixed size lie there",
      paste: "ulimit -s unlimited; ulimit -v unlimited",
    },
    { do: "Spread the grid over more processes or nodes, so that each holds a smaller part" },
    {
      do: "If the number of bytes is absurd, a size was read before it was set: compile with -fcheck=all (gfortran) or -check all (ifort)",
    },
  ],
};

export const lua: SpokenFramework = {
  name: "lua",
  title: "Lua",
  memory: "host",
  reach: 4000,
  messages: [
    {
      text: "Lua VM crashed, reason: not enough memory",
      means: [
        "heap-limit",
        "LuaJIT got no more memory: its own limit of 1 to 2 GB in builds without GC64, or the system.",
      ],
      stands: "free",
    },
    {
      text: "unprotected error in call to Lua API (not enough memory)",
      means: [
        "heap-limit",
        "LuaJIT got no more memory: its own limit of 1 to 2 GB in builds without GC64, or the system.",
      ],
      stands: "free",
    },
    {
      text: "memory allocation error: not enough memory",
      means: ["heap-limit", "Lua got no more memory: LuaJIT's own limit, or the system."],
      stands: "end",
    },
  ],
  advice: [
    {
      do: "Use a build with GC64, which has no limit of 2 GB (OpenResty from 1.15.8, or the build option)",
      paste: "make XCFLAGS=-DLUAJIT_ENABLE_GC64",
    },
    { do: "Hold no large strings: read files and bodies in pieces, and let nginx send files itself" },
  ],
};
