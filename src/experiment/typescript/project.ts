import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { TsConfigResult } from "get-tsconfig";
import { createFilesMatcher, createPathsMatcher, getTsconfig, parseTsconfig } from "get-tsconfig";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";

export type CompilerOptions = NonNullable<TsConfigResult["config"]["compilerOptions"]>;

/** How the user's project compiles one file. */
export interface Project {
  options: CompilerOptions;
  /** Files that `paths` and `baseUrl` name for a specifier, in the order of trial. */
  aliases: (specifier: string) => string[];
}

const NONE: Project = { options: {}, aliases: () => [] };

/** Finds the tsconfig.json and the package.json that apply to a file. Reads each file once. */
export class Projects {
  readonly #parsed = new Map<string, unknown>();
  readonly #projects = new Map<string, Project>();
  readonly #types = new Map<string, string | undefined>();

  /** Throws `BAD_SUBJECT` when the tsconfig.json of a file cannot be read. */
  of(file: string): Project {
    // A package may ship a tsconfig.json whose bases it does not ship.
    if (isInPackage(file)) return NONE;
    const config = this.#configOf(file);
    if (config === null) return NONE;
    let project = this.#projects.get(config.path);
    if (project === undefined) {
      const matcher = createPathsMatcher(config);
      project = {
        options: config.config.compilerOptions ?? {},
        aliases: (specifier) => matcher?.(specifier) ?? [],
      };
      this.#projects.set(config.path, project);
    }
    return project;
  }

  /** The field "type" of the package.json that applies to a file. */
  packageType(file: string): string | undefined {
    return this.#packageTypeOf(dirname(file));
  }

  #packageTypeOf(folder: string): string | undefined {
    if (this.#types.has(folder)) return this.#types.get(folder);
    const manifest = join(folder, "package.json");
    let type: string | undefined;
    if (existsSync(manifest)) type = (JSON.parse(readFileSync(manifest, "utf8")) as { type?: string }).type;
    else if (dirname(folder) !== folder) type = this.#packageTypeOf(dirname(folder));
    this.#types.set(folder, type);
    return type;
  }

  /**
   * The nearest tsconfig.json. One that only refers to other projects does not name the file itself; then the
   * first of those that names it.
   */
  #configOf(file: string): TsConfigResult | null {
    try {
      const nearest = getTsconfig(file, "tsconfig.json", this.#parsed);
      if (nearest === null || createFilesMatcher(nearest)(file) !== undefined) return nearest;
      return this.#referenced(nearest, file, new Set()) ?? nearest;
    } catch (error) {
      if (error instanceof BytesperError) throw error;
      throw new BytesperError(
        "BAD_SUBJECT",
        `The tsconfig.json of ${relative(process.cwd(), file)} cannot be read: ${sentence(error)}.`,
        { cause: error },
      );
    }
  }

  #referenced(from: TsConfigResult, file: string, seen: Set<string>): TsConfigResult | undefined {
    for (const { path: reference } of from.config.references ?? []) {
      const named = resolve(dirname(from.path), reference);
      const path = named.endsWith(".json") ? named : join(named, "tsconfig.json");
      if (seen.has(path) || !existsSync(path)) continue;
      seen.add(path);
      const config = { path, config: parseTsconfig(path, this.#parsed as Map<string, string>) };
      if (createFilesMatcher(config)(file) !== undefined) return config;
      const deeper = this.#referenced(config, file, seen);
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  }
}

export function isInPackage(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file);
}
