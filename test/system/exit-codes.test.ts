import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nvmlDevices } from "../../src/system/probe/nvml.js";
import { isAbsent } from "../../src/system/probe/reading.js";
import { bytesper, inFolder, ROOT } from "./cli.js";

const hasDriver = !isAbsent(nvmlDevices());

/** What README and docs/ promise of codes, each with the sentence that goes with it. */
const PROMISED = [
  {
    what: "devices without a driver cannot be measured",
    args: ["devices"],
    code: 3,
    says: /^No NVIDIA driver: .*\.\n$/,
    withoutDriver: true,
  },
  {
    what: "a rule over a device that is not there is wrong input, and the command does not start",
    args: ["guard", "--rules", "rules.json", "--", "touch", "started"],
    code: 2,
    says: /^The rule "deviceUsedBytes > 30 GB" could never fire: .*\.\n$/,
    withoutDriver: true,
  },
  {
    what: "a paper that agrees with the results",
    args: ["paper", "--check", "good.md"],
    code: 0,
    says: /^The file says what the results say\.\n$/,
  },
  {
    what: "a paper that differs fails, and says how to fill it",
    args: ["paper", "--check", "stale.md"],
    code: 1,
    says: /^1 place differs from the results\. To fill it: bytesper paper stale\.md\n$/,
  },
  {
    what: "a paper without a marker fails",
    args: ["paper", "--check", "empty.md"],
    code: 1,
    says: /^empty\.md holds no marker of bytesper\.\n$/,
  },
  {
    what: "a module with one class names the way to measure it",
    args: ["measure", "./session.ts"],
    code: 2,
    says: /to measure ChatSession, give \.\/session\.ts#ChatSession\.\n$/,
  },
] as const;

test("commands end with the codes of the README, and with one sentence", async ({ annotate }) => {
  await inFolder(async (folder) => {
    const write = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
    };
    write("rules.json", JSON.stringify({ rules: ["deviceUsedBytes > 30 GB"] }));
    write("session.ts", "export class ChatSession { messages: string[] = []; }\n");
    write("empty.md", "No number.\n");
    symlinkSync(join(ROOT, "results"), join(folder, "results"));
    const sample = readFileSync(join(ROOT, "docs/paper/sample.md"), "utf8");
    const value = /<!-- bytesper:value .*?<!-- \/ -->/.exec(sample)?.[0] ?? "";
    write("good.md", `${value}\n`);
    write("stale.md", `${value.replace(/-->[^<]*</, "-->0 kB<")}\n`);
    for (const { what, args, code, says, ...when } of PROMISED) {
      if ("withoutDriver" in when && hasDriver) {
        await annotate(`skipped, there is an NVIDIA driver: ${what}`);
        continue;
      }
      const ended = await bytesper(args, { cwd: folder });
      expect(ended.code, `${what}\n${ended.stderr}`).toBe(code);
      expect(ended.stderr, what).toMatch(says);
    }
  });
});

test("what rss_at_100_sessions_mb is stands beside the results", () => {
  const page = readFileSync(join(ROOT, "results/README.md"), "utf8");
  expect(page).toMatch(/`rss_at_100_sessions_mb`: by how much RSS .* a change, not the RSS of the process/);
});
