import { dirname, extname } from "node:path";
import { pathToFileURL } from "node:url";
import type { Loader, TransformFailure, TransformOptions, TsconfigRaw } from "esbuild";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { Format } from "./format.js";
import type { CompilerOptions } from "./project.js";

const LOADERS: Record<string, Loader> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};

/** Whether Node cannot run a file of this name as it stands. */
export function needsCompiler(file: string): boolean {
  return extname(file) in LOADERS && !/\.d\.[cm]?ts$/.test(file);
}

export interface Emitted {
  code: string;
  map: string;
  format: Format;
}

/** The newest year that esbuild has a target for. */
const NEWEST_TARGET = 2024;

/** The lowest Node that bytesper runs on; newer syntax than it has is compiled to what it has. */
const NODE = "node20";

function targetOf({ target }: CompilerOptions): string {
  const year = Number(
    /^es(20\d\d)$/i.exec(target ?? "")?.[1] ?? (target?.toLowerCase() === "es6" ? 2015 : 0),
  );
  if (year > NEWEST_TARGET || year === 0) return /^es[35]$/i.test(target ?? "") ? "es2015" : "esnext";
  return `es${year}`;
}

/** Whether TypeScript defines class fields or assigns them: it defines from ES2022 on. */
function definesFields(options: CompilerOptions): boolean {
  if (options.useDefineForClassFields !== undefined) return options.useDefineForClassFields;
  const target = targetOf(options);
  return target === "esnext" || Number(target.slice(2)) >= 2022;
}

function settingsOf(options: CompilerOptions): TsconfigRaw {
  const { jsx, verbatimModuleSyntax, experimentalDecorators, alwaysStrict, strict } = options;
  const { jsxFactory, jsxFragmentFactory, jsxImportSource } = options;
  const chosen = {
    useDefineForClassFields: definesFields(options),
    verbatimModuleSyntax,
    experimentalDecorators,
    alwaysStrict,
    strict,
    jsxFactory,
    jsxFragmentFactory,
    jsxImportSource,
    // What is preserved for a later tool is what that tool makes of it by default.
    jsx: jsx === undefined || jsx === "preserve" || jsx === "react-native" ? "react-jsx" : jsx,
  };
  return {
    compilerOptions: Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)),
  };
}

/**
 * Compiles one file as the project's options say. Compiled code lies in another folder, so what a module asks
 * about its own place is replaced by the place of the original.
 */
export async function emit(
  file: string,
  source: string,
  options: CompilerOptions,
  format: Format,
): Promise<Emitted> {
  const { transform } = await import("esbuild");
  const isJavaScript = !needsCompiler(file);
  const loader = isJavaScript ? "js" : (LOADERS[extname(file)] ?? "ts");
  const place = JSON.stringify(file);
  const folder = JSON.stringify(dirname(file));
  const settings = (chosen: Format): TransformOptions => ({
    loader,
    // Names its exports for the lexer by which Node's modules import CommonJS.
    platform: "node",
    ...(isJavaScript ? {} : { format: chosen, target: [targetOf(options), NODE] }),
    tsconfigRaw: settingsOf(options),
    sourcefile: file,
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    define: {
      "import.meta.url": JSON.stringify(pathToFileURL(file).href),
      "import.meta.filename": place,
      "import.meta.dirname": folder,
      __filename: place,
      __dirname: folder,
    },
  });
  try {
    return named(source, { ...(await transform(source, settings(format))), format });
  } catch (error) {
    // `await` at the top level is in no CommonJS; tools that compile for one runtime let it pass.
    if (format === "cjs" && extname(file) !== ".cts" && !isJavaScript) {
      const second = await transform(source, settings("esm")).catch(() => undefined);
      if (second !== undefined) return named(source, { ...second, format: "esm" });
    }
    throw error;
  }
}

/**
 * Where esbuild compiles static parts of a class away it names the class with an underscore. Heap snapshots go
 * by that name, so the class gets its own back.
 */
function named(source: string, emitted: Emitted): Emitted {
  const code = emitted.code.replace(
    /\b(const|let|var) _([\w$]+) = class _([\w$]+)\b/g,
    (text, word: string, outer: string, inner: string) =>
      outer === inner && new RegExp(`\\bclass\\s+${inner.replaceAll("$", "\\$")}\\b`).test(source)
        ? `${word} _${outer} = class ${inner}`
        : text,
  );
  return { ...emitted, code };
}

/** The error of a file that the compiler does not understand. */
export function invalid(shown: string, error: unknown): BytesperError {
  const [first] = (error as Partial<TransformFailure>).errors ?? [];
  const place = first?.location ? `, line ${first.location.line}` : "";
  const language = needsCompiler(shown) ? "TypeScript" : "JavaScript";
  return new BytesperError(
    "BAD_SUBJECT",
    `${shown} is not valid ${language}${place}: ${first?.text ?? sentence(error)}.`,
    { cause: error },
  );
}
