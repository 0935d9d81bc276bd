import { expect, test } from "vitest";
import { pageScript } from "../../../../src/report/html/script.js";

test("the script leaves room for the numbers in a page of a megabyte, cannot end its element, and names the charts' licence", () => {
  const script = pageScript();
  expect(script.length).toBeLessThan(870_000);
  expect(script.length).toBeGreaterThan(200_000);
  expect(script).not.toMatch(/<\/script|<!--/i);
  expect(script).toMatch(/^\/\* Charts: Vega-Lite, BSD 3-Clause/);
});
