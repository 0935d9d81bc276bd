import type { Advice } from "../advice.js";
import type { Message, SpokenFramework } from "./framework.js";

/** Where a kill by the kernel is recorded, for messages that only show signal 9. */
export const LOOK_FOR_THE_KILLER: Advice = {
  do: "Ask the kernel whether it killed the process for memory",
  paste: "dmesg -T | grep -iE 'oom-kill|killed process'",
  why: "Signal 9 cannot be caught, so the program leaves no message of its own. In a job or a container ask its manager: sacct -j JOBID --format=State,MaxRSS,ReqMem; kubectl describe pod POD; docker inspect --format '{{.State.OOMKilled}}' NAME.",
};

const LESS_MEMORY: Advice = {
  do: "Use less main memory at once: fewer workers, smaller batches, data read in pieces or memory-mapped",
};

const SIGNAL =
  "was killed with signal 9; the kernel's OOM killer, or a memory limit of the job or container, is the usual cause";

/** Launchers, shells and runners that only see that a process died of signal 9. */
export const killed: SpokenFramework = {
  name: "process",
  general: true,
  title: "a killed process",
  memory: "host",
  reach: 900,
  messages: [
    {
      text: "] exits with return code = -9",
      means: ["killed", `A process of this launch[[ ({victim})]] ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    },
    {
      text: "Killing subprocess {whole:pid}",
      means: ["killed", `Process {pid} of this launch ${SIGNAL}.`],
      certainty: "likely",
      stands: "line",
      when: (view, { index }) => /returncode=-9/.test(view.text.slice(index, index + 2000)),
    },
    {
      text: "failed (exitcode: -9) local_rank: {whole:rank} (pid: {whole:pid})",
      means: ["killed", `Rank {rank} (pid {pid}) ${SIGNAL}.`],
      certainty: "likely",
    },
    {
      text: "Signal 9 (SIGKILL) received by PID {whole:pid}",
      means: ["killed", `Process {pid} ${SIGNAL}.`],
      certainty: "likely",
    },
    {
      text: "exitcode : -9 (pid: {whole:pid})",
      means: ["killed", `Process {pid} ${SIGNAL}.`],
      certainty: "likely",
    },
    {
      text: "died with <Signals.SIGKILL: 9>",
      means: ["killed", `The command ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    },
    ...["-9", "137"].map((status): Message => ({
      text: `returned non-zero exit status ${status}`,
      means: ["killed", `The command ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    })),
    {
      text: "noticed that process rank {whole:rank} with PID {whole:pid} on node {word:node} exited on signal 9 (Killed)",
      means: ["killed", `MPI rank {rank} (pid {pid} on {node}) ${SIGNAL}.`],
      certainty: "likely",
    },
    {
      text: "exit code 137 (interrupted by signal 9: SIGKILL)",
      means: ["killed", `The process ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    },
    ...[
      "Process completed with exit code 137",
      "command terminated with exit code 137",
      "Command failed with exit code 137",
      "Job failed: exit code 137",
      "exited with exit code 137",
      "failed with exit code 137",
      "terminated with exit status 137",
      "exited with status 137",
    ].map((text): Message => ({
      text,
      means: ["killed", `The process ${SIGNAL} (137 is 128 + 9).`],
      certainty: "likely",
      stands: "end",
    })),
    {
      text: "exited with code 137",
      means: ["killed", `The process ${SIGNAL} (137 is 128 + 9).`],
      certainty: "likely",
      stands: "end",
    },
    {
      text: "returned a non-zero code: 137",
      means: ["killed", `A step of the build ${SIGNAL} (137 is 128 + 9).`],
      certainty: "likely",
      stands: "end",
    },
    {
      text: "Exited (137) ",
      means: ["killed", `The container ${SIGNAL} (137 is 128 + 9).`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "was terminated by signal SIGKILL (Forced quit)",
      means: ["killed", `The script ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    },
    {
      text: 'ELIFECYCLE Command failed with signal "SIGKILL"',
      means: ["killed", `The script ${SIGNAL}.`],
      certainty: "likely",
    },
    {
      text: "The build failed because the process exited too early. This probably means the system ran out of memory",
      means: ["killed", `The build ${SIGNAL}.`],
      certainty: "likely",
    },
    ...[
      "npm ERR! signal SIGKILL",
      "npm error signal SIGKILL",
      "npm ERR! errno 137",
      "npm error errno 137",
    ].map((text): Message => ({
      text,
      means: ["killed", `The script ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    })),
    {
      text: "A jest worker process (pid={whole:pid}) was terminated by another process: signal=SIGKILL",
      means: ["killed", `Worker {pid} of Jest ${SIGNAL}.`],
      certainty: "likely",
    },
    {
      // As Go's os/exec tells it: a runner of Ollama, a plugin of Terraform, a tool of a build.
      text: "process has terminated: signal: killed",
      means: ["killed", `The process ${SIGNAL}.`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "go build {word:_package}: signal: killed",
      means: ["killed", `The build ${SIGNAL}.`],
      certainty: "likely",
      stands: "end",
    },
    {
      // In a line of its own only: Go programs kill what takes too long too, and say so in these words.
      text: "signal: killed",
      means: ["killed", `A process that a Go program started ${SIGNAL}.`],
      certainty: "likely",
      stands: "line",
      when: (view, match) => view.isLineStart(match.index + match[0].length),
    },
    {
      text: "Exit Code: 137",
      means: ["killed", `The container ${SIGNAL} (137 is 128 + 9).`],
      certainty: "likely",
      stands: "line",
    },
    {
      text: "line {whole:_line}: {whole:pid} Killed ",
      means: ["killed", `Process {pid} of a script ${SIGNAL}.`],
      certainty: "likely",
      stands: "free",
      needles: [{ text: " killed   " }],
    },
    {
      text: "Killed",
      means: ["killed", `The command ${SIGNAL}.`],
      certainty: "likely",
      stands: "line",
      when: (view, match) => view.isLineStart(match.index + match[0].length),
      needles: [{ text: "\nkilled\n" }, { text: "\nkilled\r" }],
    },
    {
      text: "zsh: killed ",
      means: ["killed", `The command ${SIGNAL}.`],
      certainty: "likely",
      stands: "line",
    },
  ],
  advice: [LOOK_FOR_THE_KILLER, LESS_MEMORY],
};

export const gunicorn: SpokenFramework = {
  name: "gunicorn",
  title: "gunicorn",
  memory: "host",
  messages: [
    {
      text: "Worker (pid:{whole:pid}) was sent SIGKILL! Perhaps out of memory?",
      means: ["killed", `Worker {pid} ${SIGNAL}; its own master kills one that hangs at the timeout.`],
      certainty: "likely",
    },
    {
      text: "Worker with pid {whole:pid} was terminated due to signal 9",
      means: ["killed", `Worker {pid} ${SIGNAL}.`],
      certainty: "likely",
    },
  ],
  advice: [
    LOOK_FOR_THE_KILLER,
    {
      do: "Run fewer workers, load the application once before they fork, and let them restart before they grow",
      paste: "gunicorn --workers 2 --preload --max-requests 1000 --max-requests-jitter 100 APP",
    },
  ],
};

export const celery: SpokenFramework = {
  name: "celery",
  title: "Celery",
  memory: "host",
  messages: [
    {
      text: "Worker exited prematurely: signal 9 (SIGKILL)",
      means: ["killed", `A worker of Celery ${SIGNAL}.`],
      certainty: "likely",
      stands: "free",
    },
  ],
  advice: [
    LOOK_FOR_THE_KILLER,
    {
      do: "Let a worker restart before it grows, and run fewer at once",
      paste: "celery -A APP worker --concurrency 2 --max-memory-per-child 400000",
      why: "The unit of --max-memory-per-child is KiB.",
    },
  ],
};

export const joblib: SpokenFramework = {
  name: "joblib",
  title: "joblib",
  memory: "host",
  reach: 500,
  messages: [
    {
      text: "The exit codes of the workers are {SIGKILL(-9)",
      means: ["killed", `A worker of joblib ${SIGNAL}.`],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "A worker process managed by the executor was unexpectedly terminated. This could be caused by a segmentation fault while calling the function or by an excessive memory usage causing the Operating System to kill the worker",
      means: [
        "killed",
        "A worker of joblib died: killed for memory, or by a fault in native code (its exit code tells: -9 is a kill, -11 a fault).",
      ],
      certainty: "likely",
      stands: "free",
      when: (view, { index }) => !/SIG(?:SEGV|ABRT|BUS|ILL)/.test(view.text.slice(index, index + 300)),
    },
  ],
  advice: [
    {
      do: "Run fewer workers at once",
      paste: "n_jobs=2",
      why: "Each worker holds its own copy of what it works on; arrays of more than 1 MB are memory-mapped only if they are passed as arguments.",
    },
    LOOK_FOR_THE_KILLER,
  ],
};

export const gradle: SpokenFramework = {
  name: "gradle",
  title: "Gradle",
  memory: "host",
  messages: [
    {
      text: "The Daemon will expire <<after the build||immediately>> after running out of JVM Metaspace",
      means: ["own-limit", "The metaspace of Gradle's daemon, which holds its classes, is full."],
      stands: "free",
    },
    {
      text: "The Daemon will expire <<after the build||immediately>> after running out of JVM heap space",
      means: ["heap-limit", "The heap of Gradle's daemon is full."],
      stands: "free",
    },
    {
      text: "The Daemon will expire <<after the build||immediately>> since the JVM garbage collector is thrashing",
      means: [
        "heap-limit",
        "The heap of Gradle's daemon is all but full, and it does little else than collect.",
      ],
      stands: "free",
    },
    {
      text: "Not enough memory to run compilation. Try to increase it via 'gradle.properties'",
      means: ["heap-limit", "The heap of the Kotlin compiler's daemon is full."],
      stands: "free",
    },
    {
      text: "Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)",
      means: [
        "killed",
        "Gradle's daemon vanished: the kernel's OOM killer or a memory limit of the container is the usual cause, a crash of the JVM the other.",
      ],
      certainty: "likely",
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["own-limit", "heap-limit"],
      do: "Raise what the daemon may use, in gradle.properties",
      paste: "org.gradle.jvmargs=-Xmx4g -XX:MaxMetaspaceSize=1g",
      why: "The property replaces Gradle's defaults, so name both. If it grows from build to build, a plugin leaks its class loader.",
    },
    {
      for: ["killed"],
      do: "Keep the daemon and its workers below the machine's memory",
      paste: "org.gradle.jvmargs=-Xmx2g -XX:MaxMetaspaceSize=512m\norg.gradle.workers.max=2",
      why: "In gradle.properties. The Kotlin daemon and each test fork have heaps of their own.",
    },
    LOOK_FOR_THE_KILLER,
    { do: "If a file hs_err_pid*.log lies beside the build, the JVM crashed instead: read it" },
  ],
};
