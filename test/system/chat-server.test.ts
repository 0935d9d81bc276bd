import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Result, ResultLine } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, inFolder, ROOT, run } from "./cli.js";

const FOLDER = join(ROOT, "experiments/commands/chat-server");
const CONNECTIONS = [100, 400];
/** Rooms of 10, in which each member says 5 messages. */
const MESSAGES_EACH = 50;

const lacking =
  process.platform === "linux"
    ? existsSync(join(ROOT, "node_modules/ws"))
      ? undefined
      : "the package ws is not installed"
    : "memory is read from outside on Linux only";

function numberOf(row: Result["rows"][number], reading: string): number {
  const value = row.readings[reading];
  if (value === undefined || !("value" in value))
    throw new Error(`${JSON.stringify(row.factors)} has no ${reading}: ${JSON.stringify(value)}`);
  return value.value;
}

function lineOf({ lines = [] }: Result, compression: string, reading: string): ResultLine["perUnitBytes"] {
  const line = lines.find((each) => each.others.compression === compression && each.reading === reading);
  if (line === undefined) throw new Error(`there is no line of ${reading} with compression ${compression}`);
  return line.perUnitBytes;
}

/** Runs the server by itself, as the runner would. */
function serve(args: readonly string[], limit = ""): ReturnType<typeof run> {
  const words = [process.execPath, "--expose-gc", "server.mjs", ...args].map((word) => `'${word}'`).join(" ");
  return run("/bin/sh", ["-c", `${limit} exec ${words}`], { cwd: FOLDER });
}

describe.skipIf(lacking !== undefined)(
  `a chat server${lacking === undefined ? "" : ` (skipped: ${lacking})`}`,
  () => {
    test("costs more outside than inside, and with compression many times more than without", async () => {
      await inFolder(async (folder) => {
        const { code, stderr } = await bytesper([
          ...["run", join(FOLDER, "chat-server.experiment.mjs"), "--out", folder],
          ...["--filter", `connections=${CONNECTIONS.join(",")}`],
        ]);
        expect(code, stderr).toBe(0);
        const file = join(folder, "chat-server/result.json");
        const result = parseResult(readFileSync(file, "utf8"), file);
        expect(result.rows).toHaveLength(2 * CONNECTIONS.length);
        for (const row of result.rows) {
          const connections = Number(row.factors.connections);
          expect(row.outcome).toBe("ok");
          expect(numberOf(row, "connections")).toBe(connections);
          expect(numberOf(row, "members")).toBe(connections);
          expect(numberOf(row, "delivered")).toBe(connections * MESSAGES_EACH);
          expect(numberOf(row, "insideBytes")).toBeLessThan(numberOf(row, "mainPssBytes"));
          expect(numberOf(row, "mainPssBytes")).toBeLessThan(numberOf(row, "pssBytes"));
        }
        // A socket, a session and a receiver without compression are some kilobytes of objects.
        const plain = lineOf(result, "off", "insideBytes");
        expect(plain.low).toBeGreaterThan(1000);
        expect(plain.high).toBeLessThan(20_000);
        // The default windows and tables of zlib take 256 KiB to deflate and 32 KiB to inflate, if they are touched.
        const inside = lineOf(result, "on", "insideBytes");
        const outside = lineOf(result, "on", "mainPssBytes");
        expect(outside.low).toBeGreaterThan(100_000);
        expect(outside.high).toBeLessThan(400_000);
        expect(inside.low).toBeGreaterThan(plain.high);
        expect(inside.high).toBeLessThan(outside.low);
      });
    }, 120_000);

    test("says which limit on open files is too low", async () => {
      const { code, stdout, stderr } = await serve(["clients.mjs", "100", "off"], "ulimit -n 100;");
      expect(stderr).toBe(
        "100 connections need 164 open files and this process may have 100; raise the limit (ulimit -n 164) or run fewer connections\n",
      );
      expect([code, stdout]).toEqual([1, ""]);
    });

    test("says that its clients died, and ends", async () => {
      await inFolder(async (folder) => {
        const clients = join(folder, "clients.mjs");
        writeFileSync(clients, "process.exit(7);\n");
        const { code, stdout, stderr } = await serve([clients, "5", "off"]);
        expect(stderr).toBe("the process of the clients ended with 7 before they were connected\n");
        expect([code, stdout]).toEqual([1, ""]);
      });
    });

    test("says why its clients cannot connect", async () => {
      await inFolder(async (folder) => {
        const clients = join(folder, "clients.mjs");
        // At a port where nobody listens, since it cannot be had without privilege and no service is assigned to it.
        writeFileSync(
          clients,
          `process.argv[2] = "4"; await import(${JSON.stringify(join(FOLDER, "clients.mjs"))});\n`,
        );
        const { code, stderr } = await serve([clients, "5", "off"]);
        expect(stderr).toMatch(/^client \d cannot connect: .*ECONNREFUSED/);
        expect(code).toBe(1);
      });
    });

    test.each([[["clients.mjs", "0", "off"]], [["clients.mjs", "10", "maybe"]], [["clients.mjs"]]])(
      "refuses the arguments %j",
      async (args) => {
        const { code, stderr } = await serve(args);
        expect(stderr).toBe("usage: node --expose-gc server.mjs CLIENTS.mjs CONNECTIONS on|off [SEED]\n");
        expect(code).toBe(1);
      },
    );
  },
);
