import type { SpokenFramework } from "./framework.js";

const SHM =
  "The workers of a DataLoader are out of shared memory (/dev/shm): it is not the main memory, but a file system with a size of its own.";

export const dataloader: SpokenFramework = {
  name: "pytorch-dataloader",
  title: "PyTorch's DataLoader",
  memory: "host",
  messages: [
    {
      text: "DataLoader worker (pid<<(s)>> {whole:pid}) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory",
      means: ["shared-memory", SHM],
    },
    {
      text: "DataLoader worker (pid<<(s)>> {whole:pid}) is killed by signal: Bus error",
      means: ["shared-memory", SHM],
    },
    {
      text: "Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm)",
      means: ["shared-memory", SHM],
      stands: "free",
    },
    {
      text: "unable to write to file </torch_",
      means: ["shared-memory", SHM],
      stands: "free",
    },
    {
      text: "unable to open shared memory object </torch_",
      means: [
        "shared-memory",
        "A DataLoader could not open shared memory: /dev/shm is full, or the process has too many open files (ulimit -n).",
      ],
      stands: "free",
    },
    {
      text: "DataLoader worker (pid<<(s)>> {whole:pid}) is killed by signal: Killed",
      means: [
        "host-memory",
        "A worker of the DataLoader (pid {pid}) was killed with signal 9: main memory ran out, or the memory limit of the job or container was met.",
      ],
    },
    {
      text: "DataLoader worker (pid(s) {text:pids}) exited unexpectedly",
      means: ["killed", "Workers of the DataLoader (pid {pids}) vanished: killed for memory, or crashed."],
      certainty: "likely",
    },
  ],
  advice: [
    {
      for: ["shared-memory"],
      do: "Give the container a larger /dev/shm",
      paste:
        "docker run --shm-size=8g ...   (or --ipc=host; in Kubernetes an emptyDir with medium: Memory at /dev/shm)",
      why: "Docker's default is 64 MB; workers pass their batches through it.",
    },
    {
      for: ["shared-memory"],
      do: "Or pass batches through files",
      paste: 'torch.multiprocessing.set_sharing_strategy("file_system")',
    },
    {
      for: ["shared-memory"],
      do: "Or run fewer workers (num_workers=0 needs no shared memory)",
    },
    {
      for: ["host-memory", "killed"],
      do: "Run fewer workers and let each prefetch less",
      paste: "DataLoader(..., num_workers=2, prefetch_factor=2, persistent_workers=False)",
      why: "Each worker holds its own copy of the dataset object; lists of Python objects are copied page by page as their reference counts change, so keep them in one array.",
    },
    {
      for: ["host-memory", "killed"],
      do: "Ask the kernel whether it killed the worker",
      paste: "dmesg -T | grep -iE 'oom-kill|killed process'",
    },
  ],
};
