import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { Emitted } from "./emit.js";
import type { Format } from "./format.js";
import type { CompilerOptions } from "./project.js";

/** The part of the TypeScript package that is used. */
interface TypeScript {
  transpileModule?: (
    source: string,
    settings: { compilerOptions: Record<string, unknown>; fileName: string },
  ) => { outputText: string; sourceMapText?: string };
}

const DECORATOR = /(?:^|[\s(,])@[A-Za-z_$(]/m;
const WHOLE_MODULE = /^\s*import\s+(?:\*\s*as\s+)?[\w$]+\s*(?:,[^;]*?)?from\s*["'][^."']/m;

/** What esbuild cannot make of this file as the project's own TypeScript does; undefined where it can. */
export function onlyTypeScriptCan(
  source: string,
  options: CompilerOptions,
  format: Format,
): string | undefined {
  if (/^es[35]$/i.test(options.target ?? "")) return `"target": "${options.target ?? ""}"`;
  if (
    options.experimentalDecorators === true &&
    options.emitDecoratorMetadata === true &&
    DECORATOR.test(source)
  )
    return '"emitDecoratorMetadata"';
  // Without interoperation `import * as name` is the exported function itself and not an object around it.
  const module = options.module?.toLowerCase() ?? "commonjs";
  const plain = format === "cjs" && module === "commonjs" && options.esModuleInterop !== true;
  return plain && WHOLE_MODULE.test(source) ? '"esModuleInterop": false' : undefined;
}

/** The TypeScript that is installed where the file lies. Version 7 has no compiler that a program can call. */
export function ownTypeScript(
  file: string,
  known: Map<string, TypeScript | undefined>,
): TypeScript | undefined {
  const folder = dirname(file);
  if (known.has(folder)) return known.get(folder);
  let found: TypeScript | undefined;
  try {
    const require = createRequire(file);
    found = require("typescript") as TypeScript;
    if (typeof found.transpileModule !== "function") found = undefined;
  } catch {
    found = undefined;
  }
  known.set(folder, found);
  return found;
}

/** Compiles with the project's own TypeScript. */
export function transpile(
  { transpileModule }: TypeScript,
  source: string,
  file: string,
  options: CompilerOptions,
  format: Format,
): Emitted {
  const output = transpileModule?.(source, {
    fileName: file,
    compilerOptions: {
      ...options,
      module: format === "cjs" ? "CommonJS" : "ESNext",
      moduleResolution: undefined,
      jsx: options.jsx === "preserve" || options.jsx === "react-native" ? "react-jsx" : options.jsx,
      sourceMap: true,
      inlineSourceMap: false,
      inlineSources: false,
      mapRoot: undefined,
      sourceRoot: undefined,
      declaration: false,
      declarationMap: false,
      composite: false,
      incremental: false,
      noEmit: false,
      emitDeclarationOnly: false,
      // Not for a compiler of single files: both name further files.
      plugins: undefined,
      paths: undefined,
    },
  });
  const code = (output?.outputText ?? "").replace(/^\/\/# sourceMappingURL=.*$/m, "");
  const map = JSON.parse(output?.sourceMapText ?? "{}") as object;
  return {
    code: inItsPlace(code, file, format),
    map: JSON.stringify({ ...map, sourceRoot: "", sources: [file] }),
    format,
  };
}

/** Tells a module the place of its original. In one line, so that the lines of the source map stay right. */
function inItsPlace(code: string, file: string, format: Format): string {
  const place = JSON.stringify(file);
  const folder = JSON.stringify(dirname(file));
  const url = JSON.stringify(pathToFileURL(file).href);
  if (format === "cjs") {
    const directive = /^["']use strict["'];?\s*?/.exec(code)?.[0] ?? "";
    return `${directive}__filename = ${place}; __dirname = ${folder};${code.slice(directive.length)}`;
  }
  if (!code.includes("import.meta")) return code;
  return `import.meta.url = ${url}; import.meta.filename = ${place}; import.meta.dirname = ${folder};${code}`;
}
