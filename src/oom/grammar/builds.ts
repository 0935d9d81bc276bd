import type { Advice } from "../advice.js";
import { LOOK_FOR_THE_KILLER } from "./killed.js";
import type { Message, SpokenFramework } from "./framework.js";

const FEWER_JOBS: Advice = {
  do: "Compile fewer files at once",
  paste: "make -j2   (ninja -j2; for PyTorch extensions MAX_JOBS=2; cargo build -j 1; bazel --jobs=2)",
  why: "A heavy C++ or CUDA file takes 1 to 4 GB in the compiler, and as many run at once as there are processors.",
};

const KILLED =
  "was killed with signal 9 while it compiled: main memory ran out, or the limit of the container was met";

export const compiler: SpokenFramework = {
  name: "compiler",
  title: "the compiler",
  memory: "host",
  messages: [
    {
      text: "fatal error: Killed signal terminated program {word:processName}",
      means: ["killed", `{processName} ${KILLED}.`],
      certainty: "likely",
      stands: "end",
    },
    {
      text: "internal compiler error: Killed (program {word:processName})",
      means: ["killed", `{processName} ${KILLED}.`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "fatal error: {word:processName} terminated with signal 9 [Killed]",
      means: ["killed", `{processName} ${KILLED}.`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "{word:processName} terminated with signal 9 [",
      means: ["killed", `{processName} ${KILLED}.`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "nvcc error : '{word:processName}' died due to signal 9 (Kill signal)",
      means: ["killed", `{processName} ${KILLED}.`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "unable to execute command: Killed",
      means: ["killed", `The compiler ${KILLED}.`],
      certainty: "likely",
    },
    {
      text: "(signal: 9, SIGKILL: kill)",
      means: ["killed", `The compiler ${KILLED}.`],
      certainty: "likely",
      stands: "free",
    },
    ...["compile", "link", "cgo", "asm", "6g", "6l"].map((tool): Message => ({
      text: `/${tool}: signal: killed`,
      means: ["killed", `Go's program ${tool} ${KILLED}.`],
      certainty: "likely",
      stands: "end",
    })),
    {
      text: "go tool compile: signal: killed",
      means: ["killed", `Go's program compile ${KILLED}.`],
      certainty: "likely",
      stands: "end",
    },
    {
      text: "out of memory allocating {whole:requestedBytes} bytes after a total of {whole:allocatedBytes} bytes",
      means: ["host-memory", "The compiler held {allocated} and was refused {requested} more."],
    },
    {
      text: "virtual memory exhausted: Cannot allocate memory",
      means: ["host-memory", "The system gave the compiler no more memory."],
    },
    {
      text: "fatal error C1060: compiler is out of heap space",
      means: ["host-memory", "The system gave the compiler no more memory."],
      stands: "free",
    },
    {
      text: "LNK1102: out of memory",
      means: ["host-memory", "The system gave the linker no more memory."],
      stands: "free",
    },
  ],
  advice: [
    FEWER_JOBS,
    { ...LOOK_FOR_THE_KILLER, for: ["killed"] },
    { do: "Add memory or swap, or compile without debug information (-g0) and link-time optimisation" },
  ],
};

export const llvm: SpokenFramework = {
  name: "llvm",
  title: "LLVM",
  memory: "host",
  messages: [
    {
      text: "LLVM ERROR: out of memory",
      means: [
        "host-memory",
        "The system refused the compiler (LLVM) memory; a limit on the process (ulimit -d, -v) does so too.",
      ],
      stands: "free",
    },
  ],
  advice: [
    FEWER_JOBS,
    {
      do: "Check the limits of the process, which are low on OpenBSD and in 32-bit builds",
      paste: "ulimit -a",
    },
  ],
};

export const git: SpokenFramework = {
  name: "git",
  title: "git",
  memory: "host",
  messages: [
    {
      text: "fatal: Out of memory, malloc failed (tried to allocate {whole:requestedBytes} bytes)",
      means: ["host-memory", "The system refused git {requested}."],
    },
  ],
  advice: [
    {
      do: "Let git pack with less memory",
      paste: "git config pack.windowMemory 100m; git config pack.threads 1",
    },
  ],
};
