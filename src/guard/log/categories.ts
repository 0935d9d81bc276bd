/**
 * Whether a category of log lines is on, by `debugCategories` or by `BYTESPER_DEBUG` (separated by commas).
 */
export function isCategoryOn(
  category: string,
  debugCategories: readonly string[] = [],
  environment: string | undefined = process.env.BYTESPER_DEBUG,
): boolean {
  const on = [...debugCategories, ...(environment ?? "").split(",")].map((name) => name.trim());
  return on.includes(category) || on.includes("*");
}
