import type { SpokenFramework } from "./framework.js";

export const go: SpokenFramework = {
  name: "go",
  title: "Go",
  memory: "host",
  reach: 200,
  messages: [
    {
      text: "runtime: out of memory: cannot allocate {whole:requestedBytes}-byte block ({whole:allocatedBytes} in use)",
      means: ["host-memory", "The system gave Go no {requested} more; the program holds {allocated}."],
    },
    {
      text: "runtime: out of memory: cannot allocate -{whole:_negative}-byte block ({whole:allocatedBytes} in use)",
      means: [
        "absurd-request",
        "Go was asked for a negative number of bytes: a size was computed wrongly or overflowed. The program holds {allocated}.",
      ],
    },
    {
      text: "fatal error: out of memory allocating {text:reason} runtime stack:",
      means: ["host-memory", "The system gave Go no more memory, wanted for its {reason}."],
      stands: "free",
    },
    {
      text: "runtime: VirtualAlloc of {whole:requestedBytes} bytes failed with errno={whole:_errno}",
      means: ["host-memory", "Windows gave Go no {requested} more."],
    },
    {
      text: "fatal error: <<runtime: >>out of memory",
      means: ["host-memory", "The system gave Go no more memory."],
      stands: "line",
      when: (view, match) => view.isLineStart(match.index + match[0].length),
    },
    {
      text: "fatal error: runtime: cannot allocate memory",
      means: ["host-memory", "The system gave Go no more memory."],
    },
  ],
  advice: [
    {
      do: "Tell the collector what the process may use, so that it collects before the limit",
      paste: "GOMEMLIMIT=3GiB",
      why: "Without it the heap may double between collections (GOGC=100). Set it some 10 % below the limit of the container.",
    },
    {
      for: ["absurd-request"],
      do: "Look at the first lines of the goroutine below: which length it passes to make or append",
    },
    { do: "Find what holds the memory", paste: "go tool pprof http://localhost:6060/debug/pprof/heap" },
    { do: "Give the process more memory, or check ulimit -v" },
  ],
};

export const rust: SpokenFramework = {
  name: "rust",
  title: "Rust",
  memory: "host",
  messages: [
    {
      text: "memory allocation of {whole:requestedBytes} bytes failed",
      means: ["host-memory", "A Rust program asked for {requested} at once, and the system refused."],
    },
  ],
  advice: [
    {
      do: "Look at what asks for so much at once: a capacity that is computed wrongly, or data that could be read in pieces (Polars: scan_* and collect with the streaming engine)",
    },
    { do: "Give the process more memory, or check ulimit -v and the limit of the container" },
    { do: "Print where it was asked for", paste: "RUST_BACKTRACE=1" },
  ],
};

export const julia: SpokenFramework = {
  name: "julia",
  title: "Julia",
  memory: "device",
  messages: [
    {
      text: "Out of GPU memory trying to allocate {size:requestedBytes} Effective GPU memory usage: {number:percent}% ({size:deviceUsedBytes}/{size:totalBytes})",
      means: ["card-full", "Julia asked the card for {requested}; {percent} % of its {total} are in use."],
    },
    {
      text: "Out of GPU memory trying to allocate {size:requestedBytes}",
      means: ["card-full", "Julia asked the card for {requested}, and they were not free."],
    },
    {
      text: "Out of GPU memory",
      means: ["card-full", "Julia got no more memory of the card; the text states no figure."],
    },
    {
      text: "Effective GPU memory usage: {number:percent}% ({size:deviceUsedBytes}/{size:totalBytes})",
      means: ["card-full", "{percent} % of the card's {total} are in use."],
    },
    {
      text: "HIPError(code hipErrorOutOfMemory, out of memory)",
      means: ["card-full", "Julia got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "OutOfMemoryError()",
      means: ["host-memory", "The system gave Julia no more main memory."],
      details: { onHost: true },
      stands: "line",
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "Let the collector start earlier",
      paste: "julia --heap-size-hint=8G",
    },
    {
      for: ["card-full"],
      do: "Free arrays that are no longer needed before the step that fails",
      paste: "CUDA.unsafe_free!(x); GC.gc(false); CUDA.reclaim()",
      why: "Arrays on the card wait for Julia's collector, which does not see how full the card is.",
    },
    {
      for: ["card-full"],
      do: "Limit the pool, so that the collector runs before the card is full",
      paste: "JULIA_CUDA_HARD_MEMORY_LIMIT=90%",
    },
    { do: "Work on smaller arrays at once, or in Float32" },
  ],
};

export const r: SpokenFramework = {
  name: "r",
  title: "R",
  memory: "host",
  messages: [
    {
      text: "cannot allocate vector of size {size:requestedBytes}",
      means: ["host-memory", "The system gave R no {requested} in one piece."],
    },
    {
      text: "vector memory limit of {size:limitBytes} reached, see mem.maxVSize()",
      means: ["own-limit", "R met its own limit of {limit} for vectors."],
    },
    {
      text: "vector memory exhausted (limit reached?)",
      means: ["own-limit", "R met its own limit for vectors."],
      stands: "free",
    },
  ],
  advice: [
    { for: ["own-limit"], do: "Raise the limit, in .Renviron", paste: "R_MAX_VSIZE=32Gb" },
    {
      do: "Hold less at once: keep matrices sparse, remove what is no longer needed, read only the columns needed",
      paste: "rm(x); gc()",
      why: "Most operations on a vector make a copy of it, so twice its size must be free.",
    },
    { do: "Add memory, or raise the limit of the job or container" },
  ],
};

export const php: SpokenFramework = {
  name: "php",
  title: "PHP",
  memory: "host",
  messages: [
    {
      text: "Allowed memory size of {whole:limitBytes} bytes exhausted (tried to allocate {whole:requestedBytes} bytes)",
      means: ["own-limit", "The script met PHP's memory_limit of {limit}; it wanted {requested} more."],
    },
    {
      text: "Out of memory (allocated {whole:allocatedBytes}<< bytes>>) (tried to allocate {whole:requestedBytes} bytes)",
      means: ["host-memory", "The system gave PHP no {requested} more; the script holds {allocated}."],
    },
  ],
  advice: [
    {
      for: ["own-limit"],
      do: "Raise memory_limit",
      paste: ({ record: { details } }) =>
        `memory_limit = ${Math.max(256, Math.ceil((2 * (details.limitBytes ?? 0)) / 2 ** 20))}M   (php -d memory_limit=-1 for one run of a command)`,
    },
    {
      do: "Read the data in pieces (generators, unbuffered queries, chunks), if the limit is met again at once",
    },
  ],
};

export const dotnet: SpokenFramework = {
  name: "dotnet",
  title: ".NET",
  memory: "host",
  messages: [
    {
      text: "System.OutOfMemoryException: Insufficient memory to continue the execution of the program",
      means: ["host-memory", ".NET could not be given more memory."],
      stands: "free",
    },
    {
      text: "Exception of type 'System.OutOfMemoryException' was thrown",
      means: [
        "host-memory",
        ".NET could not be given more memory: its heap limit, the container's limit, or one object that is too large for what is left in one piece.",
      ],
      stands: "free",
    },
    {
      text: "System.OutOfMemoryException: Array dimensions exceeded supported range",
      means: ["own-limit", "An array was to have more elements than .NET allows."],
      stands: "free",
    },
    {
      text: "Managed OOM occurred after GC #{whole:_collection} (Requested to allocate {whole:requestedBytes} bytes)",
      means: ["heap-limit", "The collector of .NET could not make room for {requested}."],
    },
    {
      text: "Out of memory. Repeat {whole:count} times",
      means: ["host-memory", "The .NET runtime ran out of memory."],
    },
  ],
  advice: [
    {
      do: "Set the heap's hard limit above what the program needs, if the container has it",
      paste: "DOTNET_GCHeapHardLimit=0xC0000000",
      why: "In a container the heap may use 75 % of the limit by default (DOTNET_GCHeapHardLimitPercent). The value is hexadecimal.",
    },
    { do: "Let the collector keep less", paste: "DOTNET_gcServer=0 DOTNET_GCConserveMemory=7" },
    { do: "Find what holds the memory", paste: "dotnet-gcdump collect -p PID" },
  ],
};

export const erlang: SpokenFramework = {
  name: "erlang",
  title: "Erlang",
  memory: "host",
  messages: [
    {
      text: '_alloc: Cannot <<allocate||reallocate>> {whole:requestedBytes} bytes of memory (of type "{word:reason}")',
      means: ["host-memory", "The system gave Erlang's VM no {requested} more, wanted for its {reason}."],
    },
    {
      text: "alloc: Cannot <<allocate||reallocate>> {whole:requestedBytes} bytes of memory",
      means: ["host-memory", "The system gave Erlang's VM no {requested} more."],
    },
  ],
  advice: [
    {
      do: "Look in erl_crash.dump for the process with the longest message queue or the largest heap",
      paste: "erl -eval 'crashdump_viewer:start(\"erl_crash.dump\").'",
    },
    {
      do: "Limit the heap of one process, so that it dies and not the VM",
      paste: "erl +hmax 100000000 +hmaxk true",
    },
    { do: "Give the VM more memory" },
  ],
};

export const ruby: SpokenFramework = {
  name: "ruby",
  title: "Ruby",
  memory: "host",
  messages: [
    {
      text: "failed to allocate memory (NoMemoryError)",
      means: ["host-memory", "The system gave Ruby no more memory."],
      stands: "free",
    },
    {
      text: "[FATAL] failed to allocate memory",
      means: ["host-memory", "The system gave Ruby no more memory."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Use less memory at once, or add memory or swap" },
    { do: "Let malloc keep fewer arenas", paste: "MALLOC_ARENA_MAX=2" },
  ],
};

export const nativeAlloc: SpokenFramework = {
  name: "c++",
  general: true,
  title: "a C++ program",
  memory: "host",
  messages: [
    {
      text: "terminate called after throwing an instance of 'std::bad_alloc'",
      means: [
        "host-memory",
        "The system refused an allocation of a C++ program: main memory, or a limit on the process.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Use less main memory at once, or add memory or swap; check ulimit -v and the limit of the container",
    },
    {
      do: "If memory is free, look for a size that is computed wrongly (a negative count, an overflow) in a debugger",
      paste: "gdb -ex 'catch throw std::bad_alloc' -ex run --args COMMAND",
    },
  ],
};

export const ocaml: SpokenFramework = {
  name: "ocaml",
  title: "OCaml",
  memory: "host",
  messages: [
    {
      text: "Fatal error: exception Out_of_memory",
      means: ["host-memory", "The system gave OCaml no more memory."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Let the collector work harder", paste: "OCAMLRUNPARAM='o=50'" },
    { do: "Use less memory at once, or add memory; check ulimit -v" },
  ],
};

export const matlab: SpokenFramework = {
  name: "matlab",
  title: "MATLAB",
  memory: "host",
  messages: [
    {
      text: 'Out of memory. Type "help memory" for your options',
      means: ["host-memory", "The system gave MATLAB no more memory."],
      stands: "free",
    },
    {
      text: "exceeds maximum array size preference ({size:limitBytes})",
      means: ["own-limit", "An array was to be larger than the {limit} that MATLAB's preferences allow."],
    },
  ],
  advice: [
    {
      do: "Hold less at once: single in place of double, clear what is done, tall arrays or matfile for large data",
      paste: "clear x; memory",
    },
    { do: "For the preference: Preferences, Workspace, Maximum array size" },
  ],
};
