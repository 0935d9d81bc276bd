import { asSetting, enoughBytes } from "../fill.js";
import type { SpokenFramework } from "./framework.js";

const KILLED =
  "The container[[ {container}]][[ of pod {pod}]] was killed at its memory limit[[ of {limit}]].";

export const kubernetes: SpokenFramework = {
  name: "kubernetes",
  title: "Kubernetes",
  memory: "host",
  reach: 500,
  messages: [
    {
      text: "Reason: OOMKilled<< Message: {any:80}>> Exit Code: {whole:exitCode} Started: {any:60} Finished: {any:60} Ready: {any:8} Restart Count: {any:8} Limits: {any:60} memory: {size:limitBytes}",
      means: ["group-limit", KILLED],
    },
    {
      text: "Reason: OOMKilled {any:160} Limits: {any:60} memory: {size:limitBytes}",
      means: ["group-limit", KILLED],
    },
    { text: "Reason: OOMKilled", means: ["group-limit", KILLED], stands: "free" },
    { text: '"<<reason||Reason>>": "OOMKilled"', means: ["group-limit", KILLED], stands: "free" },
    { text: '"reason": "OOM Killed"', means: ["group-limit", KILLED], stands: "free" },
    {
      text: "TaskOOM event &TaskOOM{ContainerID:{word:container},",
      means: ["group-limit", "A process of container {container} was killed at its memory limit."],
      stands: "free",
    },
    {
      text: "TaskOOM event container_id:{word:container}",
      means: ["group-limit", "A process of a container was killed at its memory limit."],
      stands: "free",
    },
    { text: "reason: OOMKilled", means: ["group-limit", KILLED], stands: "free" },
    {
      text: '"OOMKilled": true',
      means: ["group-limit", "The container was killed at its memory limit."],
      stands: "free",
    },
    {
      text: "{word:pod} {digit}/{digit} OOMKilled",
      means: ["group-limit", "A container of pod {pod} was killed at its memory limit."],
      stands: "line",
    },
    {
      text: "System OOM encountered, victim process: {word:processName}, pid: {whole:pid}",
      means: ["host-memory", "The node itself ran out of memory, and its kernel killed {victim}."],
    },
    {
      text: "The node was low on resource: memory. Threshold quantity: {size:thresholdBytes}, available: {size:freeBytes}. Container {word:container} was using {size:processInUseBytes}, request is {word:_requestText}, has larger consumption of memory",
      means: [
        "host-memory",
        "The node ran short of memory ({free} available), and the pod was evicted: container {container} used {used}, more than it had requested.",
      ],
    },
    {
      text: "The node was low on resource: memory. {any:90}Container {word:container} was using {size:processInUseBytes}, <<which exceeds its request of||request is>> {word:_requestText}",
      means: [
        "host-memory",
        "The node ran short of memory, and the pod was evicted: container {container} used {used}, more than it had requested.",
      ],
    },
    {
      text: "The node was low on resource: memory.",
      means: ["host-memory", "The node ran short of memory, and the pod was evicted."],
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "Request what the pod really uses, so that it is placed on a node that has it and is not the first to be evicted",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `resources: { requests: { memory: ${enough === undefined ? "4Gi" : asSetting(enough, "Gi", "Mi")} } }`;
      },
      why: "Pods that use more than they requested are evicted first when a node runs short.",
    },
    {
      for: ["host-memory"],
      do: "See what fills the node",
      paste: "kubectl top pods -A --sort-by=memory",
    },
    {
      for: ["group-limit"],
      do: "Raise limits.memory of the container",
      paste: ({ record }) => {
        const enough = enoughBytes(record);
        return `resources: { limits: { memory: ${enough === undefined ? "4Gi" : asSetting(enough, "Gi", "Mi")} } }`;
      },
      why: "The kernel kills the largest process of the container's control group at this limit.",
    },
    {
      for: ["group-limit"],
      do: "Look at the last state, the limit and what the pod uses",
      paste: "kubectl describe pod POD; kubectl top pod POD --containers",
    },
    {
      for: ["group-limit"],
      do: "Cap the program below the limit (a heap limit of some 75 % of it, fewer workers), so that it fails with a message of its own",
    },
  ],
};
