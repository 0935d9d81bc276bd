/**
 * Imports a module as the files that TypeScript and Babel make see each other: what CommonJS marks as a
 * compiled module is that module itself, and not an object that Node wraps around it.
 */
export async function importModule(url: string): Promise<unknown> {
  const module = (await import(url)) as { default?: unknown };
  const inner = module.default as { __esModule?: unknown } | null | undefined;
  return typeof inner === "object" && inner?.__esModule === true ? inner : module;
}
