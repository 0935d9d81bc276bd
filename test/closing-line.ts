import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends a run with each failed test and why, each skipped one and what it lacked, and a last line such as
 * "12 passed, 0 failed, 1 skipped".
 * A test that does not say why it was skipped, a file that does not load and a run of no tests are failures:
 * nothing should look tested that was not.
 */
export default class ClosingLine implements Reporter {
  #filtered = false;
  #lines: string[] = [];

  onInit(vitest: Vitest): void {
    // With -t the tests that were not asked for are skipped without a reason.
    this.#filtered = vitest.config.testNamePattern !== undefined;
    // At exit, because other reporters and vitest itself print after the end of the run.
    process.once("exit", () => {
      process.stdout.write(`${this.#lines.join("\n")}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
    this.#lines = [];
    for (const module of modules) this.#countModule(module, counts);
    if (unhandledErrors.length > 0) {
      this.#fail(counts, `${plural(unhandledErrors.length, "error")} outside of any test`);
    }
    if (counts.passed + counts.failed === 0) this.#fail(counts, "no test ran");
    const { passed, failed, skipped } = counts;
    if (failed > 0) process.exitCode = 1;
    this.#lines.push(
      `${passed.toString()} passed, ${failed.toString()} failed, ${skipped.toString()} skipped`,
    );
  }

  #countModule(module: TestModule, counts: Counts): void {
    const broken = [module, ...module.children.allSuites()].filter((part) => part.errors().length > 0);
    for (const part of broken) this.#fail(counts, `failed outside of its tests: ${testPath(part)}`);
    for (const test of module.children.allTests()) this.#countTest(test, counts, isWithin(test, broken));
  }

  #countTest(test: TestCase, counts: Counts, underFailure: boolean): void {
    const result = test.result();
    if (result.state === "passed") counts.passed += 1;
    else if (result.state === "failed") {
      const [error] = result.errors;
      this.#fail(counts, `failed: ${testPath(test)}: ${firstLine(error?.message) ?? "no message"}`);
    } else {
      const note = result.state === "skipped" ? result.note : "it never ran";
      if (note !== undefined || this.#filtered || underFailure) counts.skipped += 1;
      else counts.failed += 1;
      if (this.#filtered && note === undefined) return;
      const reason = note ?? (underFailure ? "its suite failed" : "no reason given (counted as failed)");
      this.#lines.push(`skipped: ${testPath(test)}: ${reason}`);
    }
  }

  #fail(counts: Counts, line: string): void {
    counts.failed += 1;
    this.#lines.push(line);
  }
}

function isWithin(test: TestCase, parts: readonly (TestModule | TestSuite)[]): boolean {
  for (let part = test.parent; ; part = part.parent) {
    if (parts.includes(part)) return true;
    if (part.type === "module") return false;
  }
}

function testPath(part: TestModule | TestSuite | TestCase): string {
  return part.type === "module"
    ? part.relativeModuleId
    : `${part.module.relativeModuleId} > ${part.fullName}`;
}

function firstLine(message: string | undefined): string | undefined {
  const line = message?.split("\n", 1)[0]?.trim();
  return line === "" ? undefined : line;
}

function plural(count: number, noun: string): string {
  return `${count.toString()} ${noun}${count === 1 ? "" : "s"}`;
}
