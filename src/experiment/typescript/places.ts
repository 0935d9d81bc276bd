import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";

/** The folder within a folder of compiled code that holds each file under its whole path. */
export function sourceFolder(folder: string): string {
  return join(folder, "source");
}

const COMPILED =
  /(?:file:\/\/)?(\/[^"'()\n]*?\/bytesper-\w{6}\/source)(\/[^"'()\n]*?\.(?:[cm]?[jt]sx?|json))\.([cm]js)(?::(\d+))?(?::(\d+))?/g;

/** A text in which places in compiled code are places in the files that the user wrote. */
export function inOriginalPlaces(text: string): string {
  return text.replace(
    COMPILED,
    (_: string, folder: string, path: string, extension: string, line?: string, column?: string) => {
      const file = decoded(path);
      if (line === undefined) return file;
      const original = positionIn(
        `${decoded(folder)}${file}.${extension}.map`,
        Number(line),
        Number(column ?? 1),
      );
      if (original === undefined) return file;
      return `${file}:${original.line}${column === undefined ? "" : `:${original.column}`}`;
    },
  );
}

function positionIn(
  mapFile: string,
  line: number,
  column: number,
): { line: number; column: number } | undefined {
  try {
    const map = new SourceMap(JSON.parse(readFileSync(mapFile, "utf8")) as never);
    const entry = map.findEntry(line - 1, column - 1);
    if (!("originalLine" in entry)) return undefined;
    return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  } catch {
    return undefined;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
