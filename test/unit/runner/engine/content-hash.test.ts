import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  canonical,
  commandHash,
  hashOf,
  moduleHash,
  urlHash,
} from "../../../../src/runner/engine/content-hash.js";
import { temporaryFolder } from "../journal/sample.js";

const folder = temporaryFolder();

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe("equal content", () => {
  test("has equal text, whatever the order of its keys", () => {
    expect(canonical({ b: [{ d: 1, c: null }], a: "x" })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }));
  });

  test("of lists depends on their order", () => {
    expect(hashOf([1, 2])).not.toBe(hashOf([2, 1]));
  });

  test("keeps the kinds of levels apart", () => {
    expect(new Set([1, "1", true, "true", null].map(hashOf)).size).toBe(5);
  });

  test("ignores what is undefined, as JSON does", () => {
    expect(hashOf({ a: 1, b: undefined })).toBe(hashOf({ a: 1 }));
  });
});

describe("a module", () => {
  const source = 'import { size } from "./lib/size.mjs";\nexport const create = () => new Array(size);\n';
  const before = async (text = source, size = "export const size = 3;\n"): Promise<string> => {
    write("lib/size.mjs", size);
    return moduleHash(write("subject.mjs", text));
  };

  test("is the same after an edit of its comments and layout", async () => {
    const other = `// A comment.\n\n/* Another. */ ${source.replace("()", "( )")}\n`;
    expect(await before(other)).toBe(await before());
  });

  test("is another after an edit of its code", async () => {
    expect(await before(source.replace("Array", "Float64Array"))).not.toBe(await before());
  });

  test("is another after an edit of a file that it imports, and the same after one of that file's comments", async () => {
    const own = await before();
    expect(await before(source, "export const size = 4;\n")).not.toBe(own);
    expect(await before(source, "// Three.\nexport const size = 3;\n")).toBe(own);
  });

  test("is the same in another folder", async () => {
    const own = await before();
    write("moved/lib/size.mjs", "export const size = 3;\n");
    expect(await moduleHash(write("moved/subject.mjs", source))).toBe(own);
  });

  test("in TypeScript does not depend on its types", async () => {
    const plain = await moduleHash(write("a.ts", "export const create = (n: number) => [n];\n"));
    expect(await moduleHash(write("b.ts", "export const create = (n) => [n];\n"))).toBe(plain);
  });

  test("imports packages by name, whether they are there or not", async () => {
    const one = await moduleHash(
      write("uses.mjs", 'import x from "nowhere-to-be-found";\nexport default x;\n'),
    );
    const other = await moduleHash(write("uses.mjs", 'import x from "nowhere-else";\nexport default x;\n'));
    expect(one).not.toBe(other);
  });

  test("that cannot be read as one counts by its bytes", async () => {
    const one = await moduleHash(write("broken.mjs", "this is no module (1\n"));
    expect(await moduleHash(write("broken.mjs", "this is no module (2\n"))).not.toBe(one);
    expect(await moduleHash(write("broken.mjs", "this is no module (1\n"))).toBe(one);
  });

  test("is known by its URL; what is no file counts by the URL", async () => {
    const path = write("url.mjs", "export default 1;\n");
    expect(await urlHash(pathToFileURL(path).href)).toBe(await moduleHash(path));
    expect(await urlHash("bytesper:null")).not.toBe(await urlHash("bytesper:other"));
  });
});

describe("a command", () => {
  const hash = (...argv: string[]): Promise<string> => commandHash(argv, folder);

  test("is its words in their order", async () => {
    expect(await hash("prog", "1", "2")).not.toBe(await hash("prog", "2", "1"));
    expect(await hash("prog", "1 2")).not.toBe(await hash("prog", "1", "2"));
  });

  test("is another after an edit of a script that it names", async () => {
    write("hog.py", "print(1)\n");
    const before = await hash("python3", "hog.py", "64");
    write("hog.py", "print(2)\n");
    expect(await hash("python3", "hog.py", "64")).not.toBe(before);
  });

  test("is the same after a touch of that script", async () => {
    const path = write("hog.py", "print(1)\n");
    const before = await hash("python3", "hog.py");
    utimesSync(path, 1, 1);
    expect(await hash("python3", "hog.py")).toBe(before);
  });

  test("is the same after an edit of the comments of a module that it names, not of what that imports", async () => {
    write("lib/part.mjs", "export const n = 1;\n");
    write("hog.mjs", 'import { n } from "./lib/part.mjs";\nconsole.log(n);\n');
    const before = await hash("node", "hog.mjs");
    write("hog.mjs", '// Prints.\nimport { n } from "./lib/part.mjs";\nconsole.log(n);\n');
    expect(await hash("node", "hog.mjs")).toBe(before);
    write("lib/part.mjs", "export const n = 2;\n");
    expect(await hash("node", "hog.mjs")).not.toBe(before);
  });

  test("counts a program of the system by its name, and one of the folder by its content", async () => {
    write("sh", "#!/bin/sh\n");
    const named = await hash("sh");
    const path = await hash("./sh");
    write("sh", "#!/bin/sh\ntrue\n");
    expect(await hash("sh")).toBe(named);
    expect(await hash("./sh")).not.toBe(path);
  });

  test("takes a word that names a folder, or nothing, as a word", async () => {
    write("data/one", "1");
    const before = await hash("prog", "data", "missing");
    write("data/one", "2");
    expect(await hash("prog", "data", "missing")).toBe(before);
  });
});
