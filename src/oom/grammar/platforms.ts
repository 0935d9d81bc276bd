import { enoughBytes } from "../fill.js";
import type { SpokenFramework } from "./framework.js";

export const awsLambda: SpokenFramework = {
  name: "aws-lambda",
  title: "AWS Lambda",
  memory: "host",
  messages: [
    {
      text: "Memory Size: {size:limitBytes} Max Memory Used: {size:processInUseBytes} {any:400}Error: Runtime exited with error: signal: killed",
      means: ["group-limit", "The function used {used} of its {limit}, and was killed."],
    },
    {
      text: "Memory Size: {size:limitBytes} Max Memory Used: {size:processInUseBytes} {any:200}Error Type: Runtime.OutOfMemory",
      means: ["group-limit", "The function used {used} of its {limit}, and was killed."],
    },
    {
      text: "Error: Runtime exited with error: signal: killed",
      means: ["group-limit", "The function was killed, most often at its memory size."],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "Runtime.OutOfMemory",
      means: ["group-limit", "The function met its memory size and was killed."],
      stands: "end",
    },
  ],
  advice: [
    {
      do: "Give the function more memory (MemorySize in a template)",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `aws lambda update-function-configuration --function-name NAME --memory-size ${enough === undefined ? 2048 : Math.min(10_240, Math.ceil(enough / 2 ** 20))}`;
      },
      why: "Processors are given in proportion to the memory, so it may not cost more.",
    },
    { do: "Read files as streams, and keep no data in global variables between calls" },
  ],
};

export const heroku: SpokenFramework = {
  name: "heroku",
  title: "Heroku",
  memory: "host",
  messages: [
    {
      text: "Process running mem={size:processInUseBytes}({number:percent}%) {any:90}Error R1<<4||5>> (Memory quota {any:24}exceeded)",
      means: ["group-limit", "The dyno uses {used}, {percent} % of its quota."],
    },
    {
      text: "Error R15 (Memory quota vastly exceeded)",
      means: ["group-limit", "The dyno used more than twice its quota and was killed."],
    },
    {
      text: "Error R14 (Memory quota exceeded)",
      means: ["group-limit", "The dyno uses more memory than its quota, and swaps."],
    },
  ],
  advice: [
    { do: "Run fewer processes in a dyno", paste: "heroku config:set WEB_CONCURRENCY=1" },
    { do: "Or take a larger dyno", paste: "heroku ps:resize web=standard-2x" },
    { do: "Let malloc keep fewer arenas", paste: "heroku config:set MALLOC_ARENA_MAX=2" },
  ],
};

export const cloudRun: SpokenFramework = {
  name: "cloud-run",
  title: "Cloud Run",
  memory: "host",
  messages: [
    {
      text: "Memory limit of {size:limitBytes} exceeded with {size:processInUseBytes} used",
      means: ["group-limit", "The container used {used}, above its limit of {limit}, and was ended."],
    },
  ],
  advice: [
    {
      do: "Raise the memory limit",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `gcloud run services update SERVICE --memory ${enough === undefined ? "2Gi" : `${Math.ceil(enough / 2 ** 20)}Mi`}`;
      },
    },
    {
      do: "Or let one instance serve fewer requests at once",
      paste: "gcloud run services update SERVICE --concurrency 20",
    },
  ],
};

export const windows: SpokenFramework = {
  name: "windows",
  title: "Windows",
  memory: "host",
  messages: [
    {
      text: "The paging file is too small for this operation to complete",
      means: [
        "host-memory",
        "Windows could promise no more memory (its commit limit is main memory plus page file), even if some is unused.",
      ],
      stands: "free",
      when: (view, match) =>
        /1455|OSError|Error/.test(view.text.slice(Math.max(0, match.index - 60), match.index + 120)),
    },
    {
      text: "[WinError 1455]",
      means: [
        "host-memory",
        "Windows could promise no more memory (its commit limit is main memory plus page file), even if some is unused.",
      ],
      stands: "free",
    },
    {
      text: "(os error 1455)",
      means: [
        "host-memory",
        "Windows could promise no more memory (its commit limit is main memory plus page file), even if some is unused.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Enlarge the page file, to 1.5 times the main memory or more, on a disk with room (System, Advanced, Performance, Virtual memory)",
      why: "Loading CUDA libraries and mapping weights commits memory that is hardly used.",
    },
    {
      do: "Start fewer processes: each DataLoader worker loads the CUDA libraries again",
      paste: "num_workers=0",
    },
    { do: "Close other programs" },
  ],
};

export const nomad: SpokenFramework = {
  name: "nomad",
  title: "Nomad",
  memory: "host",
  messages: [
    {
      text: 'Exit Code: {whole:exitCode}, Exit Message: "OOM Killed',
      means: ["group-limit", "The task was killed at the memory that its job gives it."],
    },
  ],
  advice: [
    {
      do: "Give the task more memory in the job file",
      paste: "resources { memory = 2048 memory_max = 4096 }",
      why: "memory_max counts only where the scheduler allows oversubscription.",
    },
    {
      do: "See what it used",
      paste: "nomad alloc status -stats ALLOC",
    },
  ],
};

export const ecs: SpokenFramework = {
  name: "aws-ecs",
  title: "Amazon ECS",
  memory: "host",
  reach: 120,
  messages: [
    {
      text: "OutOfMemoryError: Container killed due to memory usage<< Exit Code<<:>> {whole:exitCode}>>",
      means: ["group-limit", "The container was killed at its memory limit."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Raise the memory of the container in the task definition, and that of the task with it",
      paste: '"memory": 2048, "memoryReservation": 1024',
      why: "memory is the hard limit of one container in MiB; the task's memory is the sum that Fargate gives.",
    },
    { do: "See what it used", paste: "docker stats CONTAINER   (CloudWatch: MemoryUtilization)" },
  ],
};

export const fly: SpokenFramework = {
  name: "fly",
  title: "Fly.io",
  memory: "host",
  messages: [
    {
      text: "Process appears to have been OOM killed!",
      means: ["group-limit", "The machine's memory was full, and its kernel killed the process."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Give the machine more memory", paste: "fly scale memory 1024" },
    { do: "Or let it swap", paste: "swap_size_mb = 512   (in fly.toml)" },
  ],
};

export const containerRuntime: SpokenFramework = {
  name: "oci-runtime",
  title: "The container runtime",
  memory: "host",
  messages: [
    {
      text: "container init was OOM-killed (memory limit too low?)",
      means: [
        "group-limit",
        "The container was killed before its program began: its memory limit is too low.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Raise the container's memory limit",
      paste: "docker run --memory=512m ...   (Kubernetes: limits: { memory: 512Mi })",
    },
    { do: "Look for a missing unit: a limit of 512 is 512 bytes" },
  ],
};

export const cloudflare: SpokenFramework = {
  name: "cloudflare-workers",
  title: "Cloudflare Workers",
  memory: "host",
  messages: [
    {
      text: "Worker exceeded memory limit",
      means: [
        "heap-limit",
        "The isolate of the worker held more than 128 MB, JavaScript and WebAssembly together.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Pass bodies on as streams, and read none whole",
      paste: "return new Response(response.body)   (in place of await response.arrayBuffer())",
      why: "The limit of 128 MB is one for all requests that an isolate serves at once.",
    },
    { do: "Keep no caches in global variables; use KV, R2 or a Durable Object" },
  ],
};
