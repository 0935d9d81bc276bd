/** Which categories of log lines are on: those of `debugCategories` and of `BYTESPER_DEBUG`, commas between. */
export function isCategoryOn(
  category: string,
  debugCategories: readonly string[] = [],
  environment: string | undefined = process.env.BYTESPER_DEBUG,
): boolean {
  const on = [...debugCategories, ...(environment ?? "").split(",")].map((name) => name.trim());
  return on.includes(category) || on.includes("*");
}
