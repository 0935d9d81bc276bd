import type { Framework } from "./grammar/framework.js";
import { program } from "./grammar/general.js";
import { pytorchFrameworks } from "./grammar/pytorch-advice.js";
import { readFrameworks } from "./grammar/read-advice.js";
import { SPOKEN } from "./grammar/spoken-frameworks.js";
import { vllmFramework } from "./grammar/vllm-advice.js";

/** Every framework that a report can name. */
export const FRAMEWORKS: readonly Framework[] = [
  ...pytorchFrameworks,
  vllmFramework,
  ...readFrameworks,
  ...SPOKEN,
  program,
];

const BY_NAME = new Map(FRAMEWORKS.map((framework) => [framework.name, framework]));

/** The framework of a report; `llama.cpp-vulkan` has the advice of `llama.cpp`. */
export function frameworkOf(name: string): Framework {
  const found = BY_NAME.get(name) ?? BY_NAME.get(name.replace(/-[^-]*$/, ""));
  return found ?? (name.startsWith("pytorch") ? (BY_NAME.get("pytorch") as Framework) : UNKNOWN);
}

const UNKNOWN: Framework = {
  name: "unknown",
  title: "The program",
  memory: "device",
  advice: [{ do: "Make the input shorter or the batch smaller" }],
};
