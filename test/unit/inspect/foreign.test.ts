import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { openSnapshot } from "../../../src/inspect/snapshot/read.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ["nothing", "", "is empty"],
  ["gzip", gzipSync('{"snapshot":{}}'), "is packed with gzip"],
  [
    "a profile of allocations",
    '{"head":{"callFrame":{"functionName":"(root)"}}}',
    "sampled allocation profile",
  ],
  [
    "Bun's",
    '{"version":3,"type":"Inspector","nodes":[0,0,0,0],"nodeClassNames":["<root>"]}',
    "JavaScriptCore",
  ],
  ["Safari's", '{"version":3,"type":"GCDebugging","nodes":[]}', "JavaScriptCore"],
  ["a CPU profile", '{"nodes":[{"id":1}],"startTime":1}', "CPU profile"],
  ["Java's", "JAVA PROFILE 1.0.2\0", "heap dump of Java"],
  ["a text", "hello, world", "is no JSON"],
  ["other JSON", '{"a":1}', 'does not begin with "snapshot"'],
  ["another layout", '{"snapshot":{"meta":{"node_fields":["kind"]},"node_count":1}}', "lacks the layout"],
])("%s is refused with a sentence", (_, content, words) => {
  const file = join(folder, "given");
  writeFileSync(file, content);
  expect(() => openSnapshot(file)).toThrow(words);
});

test("a file that does not exist is named", () => {
  expect(() => openSnapshot(join(folder, "none.heapsnapshot"))).toThrow(
    "none.heapsnapshot does not exist; give a",
  );
});
