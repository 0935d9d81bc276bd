import { asSetting, enoughBytes } from "../fill.js";
import type { SpokenFramework } from "./framework.js";

const JOB = "Slurm killed processes[[ of step {step}]][[ on {node}]] at the memory limit of the job";

export const slurm: SpokenFramework = {
  name: "slurm",
  title: "Slurm",
  memory: "host",
  messages: [
    {
      text: "<<Job||Step>> {word:step} exceeded memory limit ({size:processInUseBytes} > {size:limitBytes}), being killed",
      means: [
        "group-limit",
        "Slurm killed step {step}: it used {used} of the {limit} that the job asked for.",
      ],
    },
    {
      text: "<<Job||Step>> {word:step} exceeded memory limit ({whole:usedKilobytes} > {whole:limitKilobytes}), being killed",
      means: ["group-limit", `${JOB}.`],
    },
    {
      text: "Detected {whole:count} oom<<_||->>kill event<<(s)||s||>> in <<StepId=||step >>{word:step} cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler",
      means: ["group-limit", `${JOB} (kills: {count}).`],
    },
    {
      text: "Detected {whole:count} oom<<_||->>kill event<<(s)||s||>> in <<StepId=||step >>{word:step}<< cgroup>>. Some of <<the step||your>> <<tasks||processes>> <<have||may have>> been",
      means: ["group-limit", `${JOB} (kills: {count}).`],
    },
    {
      text: "slurmstepd: error: Detected {whole:count} oom<<_||->>kill event<<(s)||s||>> in <<StepId=||step >>{word:step} cgroup",
      means: ["group-limit", `${JOB} (kills: {count}).`],
      stands: "end",
    },
    {
      text: "srun: error: {word:node}: task<<s>> {text:task}: Out Of Memory",
      means: ["group-limit", "Slurm killed task {task} on {node} at the memory limit of the job."],
    },
    {
      text: "Exceeded <<job||step>> memory limit at some point",
      means: [
        "group-limit",
        "The job met its memory limit at some point, and Slurm may have killed a part of it.",
      ],
    },
    {
      text: "<<JobState=||State: >>OUT_OF_MEMORY",
      means: ["group-limit", "Slurm ended the job at its memory limit."],
      stands: "free",
    },
    {
      text: "CANCELLED AT {word:_time} DUE TO <<JOB MEMORY LIMIT||MEMORY LIMIT||OUT OF MEMORY>>",
      means: ["group-limit", "Slurm cancelled the job at its memory limit."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Ask for more memory",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `#SBATCH --mem=${enough === undefined ? "64G" : asSetting(enough)}`;
      },
      why: "The job's control group kills at what --mem (or --mem-per-cpu times the CPUs) asks for; the default is often a few GB.",
    },
    {
      do: "Look at what the job really used, and ask for a fifth more than that",
      paste: "sacct -j JOBID --format=JobID,ReqMem,MaxRSS,State,ExitCode",
      why: "MaxRSS is sampled and misses short peaks.",
    },
    {
      do: "Use less memory in one task: fewer DataLoader workers, smaller batches, fewer tasks per node (--ntasks-per-node)",
    },
  ],
};
