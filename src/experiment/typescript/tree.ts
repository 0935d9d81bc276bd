import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { basename, dirname, extname, join, parse as parsePath, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { init } from "es-module-lexer";
import { sourceFolder } from "./places.js";
import type { Emitted } from "./emit.js";
import { emit, invalid, needsCompiler } from "./emit.js";
import type { Format } from "./format.js";
import { formatOf } from "./format.js";
import { onlyTypeScriptCan, ownTypeScript, transpile } from "./own-compiler.js";
import { isInPackage, Projects } from "./project.js";
import type { Kind, ParsedModule, Specifier } from "./specifiers.js";
import { parseModule } from "./specifiers.js";

/** One file that the entry reaches and that may have to be written in another form. */
interface SourceModule extends Emitted, ParsedModule {
  file: string;
  /** Whether Node cannot load the file itself. */
  compiled: boolean;
  /** Where the specifiers lead, by kind and text. */
  targets: Map<string, Target>;
}

/** A file to follow, or what to write in place of the specifier; undefined leaves it as it is. */
type Target = { file: string } | { text: string } | undefined;

export interface CompiledTree {
  /** The compiled entry; absent where Node can load the entry itself. */
  entry?: string;
  /** What could not be compiled as the project says, one sentence each. */
  doubts: string[];
}

const RESOLVED = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".node"];
const SCRIPTS = new Set([".js", ".mjs", ".cjs"]);
const STYLES = new Set([".css", ".scss", ".sass", ".less", ".pcss", ".styl"]);
const ASSETS = new Set(
  [".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico"].concat(
    ".woff",
    ".woff2",
    ".ttf",
    ".txt",
  ),
);

/**
 * Compiles a file and what it imports, each file for itself, into `folder`. Modules stay modules: classes keep
 * their names, and each file is loaded once, as the project's own build would load it.
 */
export async function compileTree(entry: string, shown: string, folder: string): Promise<CompiledTree> {
  await init();
  const tree = new Tree(realpathSync(entry), shown);
  await tree.read();
  return { ...tree.write(folder), doubts: [...tree.doubts] };
}

class Tree {
  readonly doubts = new Set<string>();
  readonly #entry: string;
  readonly #shown: string;
  readonly #projects = new Projects();
  readonly #modules = new Map<string, SourceModule>();
  readonly #compilers: Parameters<typeof ownTypeScript>[1] = new Map();

  constructor(entry: string, shown: string) {
    this.#entry = entry;
    this.#shown = shown;
  }

  /** Reads the entry and every file that it reaches outside packages. */
  async read(): Promise<void> {
    const { build } = await import("esbuild");
    let failure: Error | undefined;
    await build({
      stdin: { contents: "" },
      bundle: true,
      write: false,
      platform: "node",
      logLevel: "silent",
      // Exactly the names that Node itself goes by.
      mainFields: ["main"],
      conditions: [...(this.#projects.of(this.#entry).options.customConditions ?? [])],
      resolveExtensions: RESOLVED,
      plugins: [
        {
          name: "tree",
          setup: (building) => {
            building.onStart(async () => {
              const find: Find = async (text, importer, kind) => {
                const resolveDir = dirname(importer);
                const { errors, path, external } = await building.resolve(text, {
                  kind,
                  importer,
                  resolveDir,
                });
                return errors.length > 0 || external ? undefined : path;
              };
              try {
                await this.#readAll(find);
              } catch (error) {
                failure = error as Error;
              }
            });
          },
        },
      ],
    });
    if (failure !== undefined) throw failure;
  }

  async #readAll(find: Find): Promise<void> {
    const seen = new Set([this.#entry]);
    for (let wave = [this.#entry]; wave.length > 0;) {
      const read = await Promise.all(wave.map((file) => this.#module(file, find)));
      wave = [];
      for (const module of read) {
        this.#modules.set(module.file, module);
        for (const target of module.targets.values()) {
          if (target === undefined || !("file" in target) || seen.has(target.file)) continue;
          seen.add(target.file);
          wave.push(target.file);
        }
      }
    }
  }

  async #module(file: string, find: Find): Promise<SourceModule> {
    const compiled = !SCRIPTS.has(extname(file));
    const emitted = await this.#emitted(file);
    let parsed: ParsedModule;
    try {
      parsed = parseModule(emitted.code);
    } catch (error) {
      throw invalid(this.#name(file), error);
    }
    const targets = new Map<string, Target>();
    for (const specifier of parsed.specifiers) {
      const key = keyOf(specifier);
      if (!targets.has(key)) targets.set(key, await this.#target(specifier, file, emitted.format, find));
    }
    return { file, compiled, ...emitted, ...parsed, targets };
  }

  async #emitted(file: string): Promise<Emitted> {
    const stub = standIn(file);
    if (stub !== undefined) return { code: stub, map: "", format: "esm" };
    const source = readFileSync(file, "utf8");
    const { options } = this.#projects.of(file);
    const format = formatOf(file, source, options, this.#projects.packageType(file));
    try {
      const reason = needsCompiler(file) ? onlyTypeScriptCan(source, options, format) : undefined;
      if (reason !== undefined) {
        const compiler = ownTypeScript(file, this.#compilers);
        if (compiler !== undefined)
          return withRequire(transpile(compiler, source, file, options, format), file);
        this.doubts.add(
          `tsconfig.json asks for ${reason}, which needs the project's own TypeScript, and that is not installed beside ${this.#name(file)}; it was compiled without. Install typescript there and measure again.`,
        );
      }
      return withRequire(await emit(file, source, options, format), file);
    } catch (error) {
      throw invalid(this.#name(file), error);
    }
  }

  async #target(
    { text, kind, typed }: Specifier,
    importer: string,
    format: Format,
    find: Find,
  ): Promise<Target> {
    const required = kind.startsWith("require");
    const asWritten = (file: string): Target => ({ text: required ? file : pathToFileURL(file).href });
    if (isBuiltin(text) || /^(?:data|https?):/.test(text)) return undefined;
    if (text === "bytesper" || text.startsWith("bytesper/"))
      return asWritten(createRequire(import.meta.url).resolve(text));
    const plain = text.startsWith("file:") ? fileURLToPath(text) : text;
    const found = await this.#find(plain, importer, kind, find);
    if (found === undefined)
      return /^\.{0,2}[\\/]/.test(plain) ? asWritten(resolve(dirname(importer), plain)) : undefined;
    const extension = extname(found);
    if (needsCompiler(found)) return { file: found };
    if (isInPackage(found)) return asWritten(found);
    if (SCRIPTS.has(extension) || STYLES.has(extension)) return { file: found };
    if (ASSETS.has(extension)) return { file: found };
    // CommonJS reads JSON itself; a module does only where the import says that it is JSON.
    if (extension === ".json" && format === "esm" && !required && !typed) return { file: found };
    return asWritten(found);
  }

  async #find(text: string, importer: string, kind: Kind, find: Find): Promise<string | undefined> {
    for (const alias of this.#projects.of(importer).aliases(text)) {
      const found = await find(alias, importer, kind);
      if (found !== undefined) return found;
    }
    const found = await find(text, importer, kind);
    if (found !== undefined || !ASSETS.has(extname(text))) return found;
    const asset = resolve(dirname(importer), text);
    return existsSync(asset) && statSync(asset).isFile() ? asset : undefined;
  }

  #name(file: string): string {
    if (file === this.#entry) return this.#shown;
    const near = relative(process.cwd(), file);
    return near.startsWith("..") ? file : near;
  }

  /** Writes the files that Node cannot load, and those that import one of them. */
  write(folder: string): { entry?: string } {
    const written = this.#needed();
    if (!written.has(this.#entry)) return {};
    const missing = this.#missingExports(written);
    const root = sourceFolder(folder);
    const placeOf = ({ file, format }: SourceModule): string =>
      `${join(root, file.slice(parsePath(file).root.length))}.${format === "esm" ? "mjs" : "cjs"}`;
    for (const file of written) {
      const module = this.#modules.get(file) as SourceModule;
      const place = placeOf(module);
      const text = rewritten(module, (specifier) => {
        const target = module.targets.get(keyOf(specifier));
        if (target === undefined) return undefined;
        if ("text" in target) return target.text;
        if (written.has(target.file)) {
          const near = relative(dirname(place), placeOf(this.#modules.get(target.file) as SourceModule));
          const posix = near.split(sep).join("/");
          return specifier.kind.startsWith("require") ? relativeTo(posix) : encodeURI(relativeTo(posix));
        }
        return specifier.kind.startsWith("require") ? target.file : pathToFileURL(target.file).href;
      });
      const names = [...(missing.get(file) ?? [])];
      mkdirSync(dirname(place), { recursive: true });
      const link = module.map === "" ? "" : `//# sourceMappingURL=${encodeURI(basename(place))}.map\n`;
      writeFileSync(place, `${text}${absentExports(names, module.format)}\n${link}`);
      if (module.map !== "") writeFileSync(`${place}.map`, module.map);
    }
    return { entry: placeOf(this.#modules.get(this.#entry) as SourceModule) };
  }

  #needed(): Set<string> {
    const importers = new Map<string, string[]>();
    for (const { file, targets } of this.#modules.values()) {
      for (const target of targets.values()) {
        if (target === undefined || !("file" in target)) continue;
        importers.set(target.file, [...(importers.get(target.file) ?? []), file]);
      }
    }
    const needed = new Set(
      [...this.#modules.values()].filter((each) => each.compiled).map(({ file }) => file),
    );
    for (const file of needed) for (const importer of importers.get(file) ?? []) needed.add(importer);
    return needed;
  }

  /**
   * Names that are imported from a file and that it does not export. They are types that the importer passes
   * on without saying that they are types: TypeScript knows, a compiler of single files cannot.
   */
  #missingExports(written: ReadonlySet<string>): Map<string, Set<string>> {
    const missing = new Map<string, Set<string>>();
    for (const module of this.#modules.values()) {
      if (!written.has(module.file) || module.format !== "esm") continue;
      for (const specifier of module.specifiers) {
        const target = module.targets.get(keyOf(specifier));
        if (target === undefined || !("file" in target) || !written.has(target.file)) continue;
        for (const name of specifier.names) {
          if (this.#exports(target.file, name, new Set())) continue;
          missing.set(target.file, (missing.get(target.file) ?? new Set<string>()).add(name));
        }
      }
    }
    return missing;
  }

  /** True also where it is not known, as with `export *` from a package. */
  #exports(file: string, name: string, seen: Set<string>): boolean {
    if (seen.has(file)) return false;
    seen.add(file);
    const module = this.#modules.get(file);
    if (module === undefined) return true;
    if (module.format === "cjs") return new RegExp(`[.{,\\s"]${escaped(name)}["\\s,}:=]`).test(module.code);
    if (module.exports.has(name)) return true;
    if (name === "default") return false;
    return module.stars.some((text) => {
      const target = module.targets.get(`import-statement ${text}`);
      return target === undefined || !("file" in target) || this.#exports(target.file, name, seen);
    });
  }
}

type Find = (text: string, importer: string, kind: Kind) => Promise<string | undefined>;

function keyOf({ kind, text }: Pick<Specifier, "kind" | "text">): string {
  return `${kind} ${text}`;
}

function relativeTo(path: string): string {
  return path.startsWith(".") ? path : `./${path}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** A module in place of a file that only bundlers import. */
function standIn(file: string): string | undefined {
  const extension = extname(file);
  if (STYLES.has(extension)) return "export default {};\n";
  if (ASSETS.has(extension)) return `export default ${JSON.stringify(file)};\n`;
  if (extension !== ".json") return undefined;
  const value = JSON.parse(readFileSync(file, "utf8")) as unknown;
  const names =
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const own = names.filter((name) => name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name));
  const text = JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  return [
    `const value = ${text};`,
    "export default value;",
    ...own.map((name, index) => `const name${index} = value.${name};`),
    `export { ${own.map((name, index) => `name${index} as ${name}`).join(", ")} };`,
    "",
  ].join("\n");
}

const USES_REQUIRE = /(?<![.\w$])require\s*[.(]/;
const OWN_REQUIRE = /\b(?:const|let|var|function)\s+require\b|[{,]\s*require\s*[,}]/;

/** A module that uses `require` gets one that looks from the place of the original. */
function withRequire(emitted: Emitted, file: string): Emitted {
  const { code, format } = emitted;
  if (format === "cjs" || !USES_REQUIRE.test(code) || OWN_REQUIRE.test(code)) return emitted;
  const from = JSON.stringify(pathToFileURL(file).href);
  // Without a line break, so that the lines of the source map stay right.
  const prefix = `import { createRequire as bytesperCreateRequire } from "node:module"; const require = bytesperCreateRequire(${from}); `;
  return { ...emitted, code: prefix + code };
}

function rewritten(
  { code, specifiers }: SourceModule,
  textOf: (specifier: Specifier) => string | undefined,
): string {
  let text = "";
  let from = 0;
  for (const specifier of specifiers) {
    const replacement = textOf(specifier);
    if (replacement === undefined) continue;
    text += code.slice(from, specifier.start) + JSON.stringify(replacement);
    from = specifier.end;
  }
  return text + code.slice(from);
}

function absentExports(names: readonly string[], format: Format): string {
  if (names.length === 0) return "";
  if (format === "cjs")
    return `\n0 && (${names.map((name) => `exports[${JSON.stringify(name)}] = 0`).join(", ")});`;
  return `\nlet bytesperAbsent; export { ${names.map((name) => `bytesperAbsent as ${JSON.stringify(name)}`).join(", ")} };`;
}
