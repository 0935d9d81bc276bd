import type { Import } from "es-module-lexer";
import { parse } from "es-module-lexer";

export type Kind = "import-statement" | "dynamic-import" | "require-call" | "require-resolve";

/** One place of a module's text that names another module. */
export interface Specifier {
  text: string;
  kind: Kind;
  /** The place of the text with its quotation marks. */
  start: number;
  end: number;
  /** Names that are taken from the module, "default" among them. */
  names: string[];
  /** Whether the import says itself of what type the module is, such as `with { type: "json" }`. */
  typed: boolean;
}

export interface ParsedModule {
  specifiers: Specifier[];
  exports: Set<string>;
  /** Modules whose exports are all passed on. */
  stars: string[];
}

const REQUIRE = /(?<![.\w$])require(\.resolve)?\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*\)/g;

/** What JavaScript imports and exports. Throws for text that is not JavaScript. */
export function parseModule(code: string): ParsedModule {
  const [imports, exports] = parse(code);
  const specifiers: Specifier[] = [];
  for (const each of imports) {
    if (each.type === "import-meta" || each.specifier === undefined) continue;
    if (each.type === "dynamic") {
      if (each.glob) continue;
      specifiers.push({
        ...{ text: each.specifier, kind: "dynamic-import", names: [], typed: each.attributesStart >= 0 },
        ...{ start: each.start, end: each.end },
      });
      continue;
    }
    specifiers.push({
      ...{ text: each.specifier, kind: "import-statement" },
      ...{ start: each.start - 1, end: each.end + 1 },
      names: namesIn(code, each),
      typed: each.attributes !== null,
    });
  }
  for (const { index, 0: whole, 1: resolving, 2: quoted = '""' } of code.matchAll(REQUIRE)) {
    const start = index + whole.indexOf(quoted);
    specifiers.push({
      text: unquoted(quoted),
      kind: resolving === undefined ? "require-call" : "require-resolve",
      ...{ start, end: start + quoted.length, names: [], typed: false },
    });
  }
  return {
    specifiers: specifiers.sort((a, b) => a.start - b.start),
    exports: new Set(exports.flatMap((each) => (each.type === "reexport-all" ? [] : [each.name]))),
    stars: exports.flatMap((each) => (each.type === "reexport-all" ? [each.from] : [])),
  };
}

function namesIn(code: string, { importStart, start }: Import): string[] {
  const statement = code.slice(importStart, start);
  const names = (/\{([^}]*)\}/.exec(statement)?.[1] ?? "")
    .split(",")
    .map((part) => unquoted(part.trim().split(/\s+as\s+/)[0] ?? ""))
    .filter((name) => name !== "");
  return /^import\s+[\w$]+\s*(?:,|\bfrom\b)/.test(statement) ? ["default", ...names] : names;
}

function unquoted(text: string): string {
  return /^["']/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}
