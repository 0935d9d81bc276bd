import { expect, test } from "vitest";
import { nearestName, suggestion } from "../../../src/base/nearest-name.js";

test.each<[given: string, candidates: string[], near: string | undefined]>([
  // 4 edits of 10 letters.
  ["perMessage", ["growth", "perSession", "maxSessions"], "perSession"],
  // 5 edits of 10.
  ["perMessage", ["perSessions"], undefined],
  // Two neighbours that changed places are one edit, of four letters.
  ["unti", ["title", "unit"], "unit"],
  ["siez", ["size"], "size"],
  ["growht", ["perSession", "growth"], "growth"],
  ["GIB", ["kB", "GiB", "MiB"], "GiB"],
  ["heap", ["heat", "heap2", "Heap"], "Heap"],
  // Of two that are equally near, the first.
  ["rows", ["row", "rowsx"], "row"],
  // None is near in edits, but one holds it.
  ["reserved", ["rssBytes", "deviceReservedBytes"], "deviceReservedBytes"],
  // A few letters are part of too many names.
  ["dev", ["deviceReservedBytes"], undefined],
  // What is near in edits goes before what holds it.
  ["reading", ["unreadingly", "readings"], "readings"],
  ["parsecs", ["ms", "min", "GiB"], undefined],
  // Of one or two letters each is needed.
  ["x", ["B", "s"], undefined],
  ["", ["s", "stage"], undefined],
  ["name", [], undefined],
])("nearest to %s of %j is %s", (given, candidates, near) => {
  expect(nearestName(given, candidates)).toBe(near);
});

test("a suggestion ends a sentence, or is nothing", () => {
  expect(suggestion("tabel", new Set(["figure", "table"]))).toBe("; the nearest is table");
  expect(suggestion("tabel", ["value"])).toBe("");
});
