import { importModule } from "../../experiment/import-module.js";
import type { LoadedSubject, SubjectReference } from "../../experiment/subject.js";
import { loadSubject } from "../../measure/load-subject.js";

/**
 * A subject, or a plain function: a module whose default export is a function, or that exports a single one,
 * needs no name after `#`.
 */
export async function loadCalled(reference: SubjectReference): Promise<LoadedSubject> {
  if (reference.path.length > 0) return loadSubject(reference);
  const module = await importModule(reference.url).catch(() => undefined);
  const name = typeof module === "object" && module !== null ? onlyFunction(module) : undefined;
  return loadSubject(name === undefined ? reference : { ...reference, path: [name] });
}

function onlyFunction(module: object): string | undefined {
  if ("create" in module) return undefined;
  if ("default" in module && typeof module.default === "function") return "default";
  const names = Object.entries(module).flatMap(([name, value]) =>
    typeof value === "function" ? [name] : [],
  );
  return names.length === 1 ? names[0] : undefined;
}
