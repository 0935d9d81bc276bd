/**
 * Whether log lines of a category are on: by `debugCategories`, or by `BYTESPER_DEBUG` (names separated by commas).
 */
export function isCategoryOn(
  category: string,
  debugCategories: readonly string[] = [],
  environment: string | undefined = process.env.BYTESPER_DEBUG,
): boolean {
  const on = [...debugCategories, ...(environment ?? "").split(",")].map((name) => name.trim());
  return on.includes(category) || on.includes("*");
}
