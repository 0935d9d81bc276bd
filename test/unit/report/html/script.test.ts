import { expect, test } from "vitest";
import { pageScript } from "../../../../src/report/html/script.js";

test("the script holds only the charts that it uses, cannot end its element, and names ECharts' licence", () => {
  const script = pageScript();
  // All of ECharts is 1.1 MB.
  expect(script.length).toBeLessThan(650_000);
  expect(script.length).toBeGreaterThan(200_000);
  expect(script).not.toMatch(/<\/script|<!--/i);
  expect(script).toMatch(/^\/\* Charts: Apache ECharts, Apache License 2\.0/);
});
