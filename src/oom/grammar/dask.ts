import type { SpokenFramework } from "./framework.js";

export const dask: SpokenFramework = {
  name: "dask",
  title: "Dask",
  memory: "host",
  messages: [
    {
      text: "Worker {word:node} (pid={whole:pid}) exceeded {whole:percent}% memory budget. Restarting",
      means: [
        "group-limit",
        "Dask restarted worker {node} (pid {pid}): it had passed {percent} % of its own memory limit.",
      ],
    },
    {
      text: "Worker exceeded {whole:percent}% memory budget. Restarting",
      means: ["group-limit", "Dask restarted a worker: it had passed {percent} % of its own memory limit."],
    },
    {
      text: "KilledWorker: Attempted to run task {any:80} on {whole:count} different workers, but all those workers died while running it",
      means: [
        "killed",
        "Each of the {count} workers that tried one task died, most often at its memory limit.",
      ],
      certainty: "likely",
    },
    {
      text: "KilledWorker: ({any:100}, <WorkerState {any:80}",
      means: ["killed", "The workers that tried one task died, most often at their memory limit."],
      certainty: "likely",
      stands: "line",
    },
  ],
  advice: [
    {
      do: "Make the partitions smaller, so that a task holds less at once",
      paste: 'df = df.repartition(partition_size="100MB")',
      why: "A worker needs several partitions at once for each of its threads.",
    },
    {
      do: "Give each worker more memory, with fewer workers or threads on the machine",
      paste: "dask worker SCHEDULER --nworkers 2 --nthreads 1 --memory-limit 16GiB",
    },
    {
      do: "Look at the dashboard's memory plot for memory that is unmanaged: a leak of the task itself, or malloc that gives nothing back",
    },
  ],
};
