import { expect, test } from "vitest";
import { csvFile, csvText } from "../../../../src/report/html/csv-file.js";

test.each([
  ["a,b,run\r\n1,2,r7\r\n3,4,r7\r\n", ",r7"],
  ["a\r\n", ""],
  ["a\r\n1\r\n", "1"],
  ["a\r\n1\r\n1\r\n", "1"],
  ["a\r\n\r\n1\r\n", ""],
  ['a,b\r\n"x, ""y""",2\r\n', '"x, ""y""",2'],
])("%j comes back as it was", (text, ending) => {
  const file = csvFile("t.csv", text);
  expect(file.ending).toBe(ending);
  expect(csvText(file)).toBe(text);
});
