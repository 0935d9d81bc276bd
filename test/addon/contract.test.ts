import { expect, test } from "vitest";
import { ADDON_EXPORTS } from "../../src/system/native/contract.js";
import { addon } from "./support/addon.js";

test("the addon exports what the contract lists and nothing else", () => {
  expect(Object.keys(addon).sort()).toEqual([...ADDON_EXPORTS].sort());
});

test("each export is a function", () => {
  for (const [name, value] of Object.entries(addon)) expect(value, name).toBeTypeOf("function");
});
