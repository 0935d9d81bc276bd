import type { SpokenFramework } from "./framework.js";

export const ray: SpokenFramework = {
  name: "ray",
  title: "Ray",
  memory: "host",
  reach: 900,
  messages: [
    {
      text: "Memory on the node (IP: {word:node}, ID: {any:80}) where the <<task||worker||actor>> ({any:80}name={word:task}, pid={whole:pid}, memory used={size:processInUseBytes}) was running was {size:nodeUsedBytes} / {size:totalBytes} ({any:12}), which exceeds the memory usage threshold of",
      means: [
        "host-memory",
        "Ray killed {task} (pid {pid}, {used}), because its node {node} was nearly out of main memory ({total}).",
      ],
    },
    {
      text: "Memory on the node (IP: {word:node}, {any:200} was {size:nodeUsedBytes} / {size:totalBytes} ({any:12}), which exceeds the memory usage threshold of",
      means: [
        "host-memory",
        "Ray killed a worker, because its node {node} was nearly out of main memory ({total}).",
      ],
    },
    {
      text: "Task was killed due to the node running low on memory",
      means: ["host-memory", "Ray killed a task, because its node was nearly out of main memory."],
      stands: "end",
    },
    {
      text: "{whole:count} Workers (tasks / actors) killed due to memory pressure (OOM)",
      means: ["host-memory", "Ray killed {count} workers, because a node was nearly out of main memory."],
      when: (view, { index }) => view.text[index] !== "0",
    },
    {
      text: "More than {whole:percent}% of the memory on node {word:node} is used ({number:_usedText} / {size:totalBytes})",
      means: [
        "host-memory",
        "Ray stopped a task, because {percent} % of the main memory of {node} were in use.",
      ],
    },
    {
      text: "Failed to put object {word:task} in object store because it is full. Object size is {size:requestedBytes}",
      means: ["own-limit", "Ray's object store is full; an object of {requested} did not fit."],
    },
    {
      text: "<<worker||actor>> {any:30} killed by <<OOM||the OOM killer||SIGKILL by OOM killer due to high memory usage>>",
      means: ["host-memory", "A worker of Ray was killed because main memory ran out."],
      certainty: "likely",
      stands: "end",
    },
  ],
  advice: [
    {
      for: ["own-limit"],
      do: "Give the object store more memory, or free references that are no longer needed",
      paste: "ray start --object-store-memory=BYTES",
      why: "Objects stay in the store as long as a reference to them lives.",
    },
    {
      do: "Run fewer tasks at once on a node: give each more CPUs, or state its memory (memory= in bytes), so that Ray does not pack as many",
      paste: "@ray.remote(num_cpus=2, memory=8 * 1024**3)",
      why: "Ray packs tasks by CPUs alone unless they state their memory.",
    },
    {
      do: "See what each worker held when it was killed",
      paste: "ray logs raylet.out -ip NODE_IP",
    },
    {
      do: "Only if the node keeps memory back on purpose: raise the threshold at which Ray kills",
      paste: "RAY_memory_usage_threshold=0.98",
      why: "Above it, the kernel's killer may take the node's own processes instead.",
    },
  ],
};
