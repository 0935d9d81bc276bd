import { asSetting, enoughBytes } from "../fill.js";
import type { SpokenFramework } from "./framework.js";

export const pbs: SpokenFramework = {
  name: "pbs",
  title: "PBS",
  memory: "host",
  messages: [
    {
      text: "PBS: job killed: <<mem||vmem||pmem||pvmem>> {any:20}{size:processInUseBytes} exceeded limit {size:limitBytes}",
      means: ["group-limit", "PBS killed the job: it used {used} of the {limit} that it asked for."],
    },
    {
      text: "PBS: job killed: mem job total {size:processInUseBytes} exceeded limit {size:limitBytes}",
      means: ["group-limit", "PBS killed the job: it used {used} of the {limit} that it asked for."],
    },
    {
      text: "Job exceeded a memory resource limit",
      means: [
        "group-limit",
        "PBS ended the job at a memory limit that it asked for (mem, pmem, vmem or pvmem).",
      ],
      stands: "line",
    },
  ],
  advice: [
    {
      do: "Ask for more memory",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `#PBS -l select=1:mem=${enough === undefined ? "64gb" : asSetting(enough, "gb", "mb")}`;
      },
      why: "PBS kills a job above its mem or vmem; vmem counts address space, which programs on a GPU reserve freely.",
    },
    { do: "Use less memory at once: fewer workers, smaller batches" },
  ],
};

export const htcondor: SpokenFramework = {
  name: "htcondor",
  title: "HTCondor",
  memory: "host",
  messages: [
    {
      text: "Job has gone over <<cgroup >>memory limit of {size:limitBytes}. <<Peak||Last measured>> usage: {size:processInUseBytes}",
      means: [
        "group-limit",
        "HTCondor held the job at the {limit} that it asked for; the last {used} were measured before.",
      ],
    },
    {
      text: "Job has gone over <<cgroup >>memory limit of {size:limitBytes}",
      means: ["group-limit", "HTCondor held the job at the {limit} that it asked for."],
    },
    {
      text: "Job has encountered an out-of-memory event",
      means: ["group-limit", "HTCondor held the job: it ran out of memory on its node."],
    },
  ],
  advice: [
    {
      do: "Ask for more memory in the submit file, and release the job",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `request_memory = ${enough === undefined ? "64GB" : asSetting(enough, "GB", "MB")}\ncondor_release JOBID`;
      },
      why: "The usage that HTCondor prints was sampled and misses short peaks, so it may lie below the limit.",
    },
    { do: "Use less memory at once: fewer workers, smaller batches" },
  ],
};

export const lsf: SpokenFramework = {
  name: "lsf",
  title: "LSF",
  memory: "host",
  messages: [
    {
      text: "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit",
      means: ["group-limit", "LSF killed the job at the memory limit that it asked for."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Ask for more memory (the unit of -M is set by the site: often MB, else KB)",
      paste: '#BSUB -M 64000 -R "rusage[mem=64000]"',
      why: "LSF kills a job above -M; its summary prints Max Memory, which is sampled and misses short peaks.",
    },
    { do: "Use less memory at once: fewer workers, smaller batches" },
  ],
};
