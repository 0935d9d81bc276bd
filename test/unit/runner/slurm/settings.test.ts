import { expect, test } from "vitest";
import { optionName, parseSlurmOption } from "../../../../src/runner/executor/slurm/settings.js";

test.each([
  ["--mem=4G", "mem"],
  ["--gres gpu:1", "gres"],
  ["-t 10", "t"],
  ["-p", "p"],
  ["mem=4G", ""],
])("the name of %s is %j", (option, name) => {
  expect(optionName(option)).toBe(name);
});

test("an option may be copied with its #SBATCH", () => {
  expect(parseSlurmOption("#SBATCH --constraint=a100")).toBe("--constraint=a100");
  expect(parseSlurmOption(" --qos=long ")).toBe("--qos=long");
});

test.each(["constraint=a100", "", "--qos=long\nrm -rf"])("%j is no option", (text) => {
  expect(() => parseSlurmOption(text)).toThrow(/is not an option of sbatch/);
});

test.each(["--array=0-3", "-J mine", "--output=x", "--chdir=/", "--wrap=true"])("%s is ours", (text) => {
  expect(() => parseSlurmOption(text)).toThrow(/is set by bytesper/);
});
