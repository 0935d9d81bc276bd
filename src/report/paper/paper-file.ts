import { readFileSync, realpathSync, statSync } from "node:fs";
import { extname } from "node:path";
import { BytesperError } from "../../base/errors.js";
import type { PaperFormat } from "./format.js";
import { latexFormat } from "./latex-format.js";
import { latexSource } from "./latex-source.js";
import { markdownFormat } from "./markdown-format.js";
import { markdownSource } from "./markdown-source.js";
import type { Source } from "./marker.js";

export interface PaperFile {
  /** As the user gave it. */
  name: string;
  /** Behind any link. */
  path: string;
  bytes: Buffer;
  isLatex: boolean;
  format: PaperFormat;
  source: Source;
}

const LATEX = [".tex", ".ltx"];
const MARKDOWN = [".md", ".markdown"];

/** Reads a paper and finds its markers. Throws `BAD_INPUT`. */
export function readPaper(name: string): PaperFile {
  const ending = extname(name).toLowerCase();
  const isLatex = LATEX.includes(ending);
  if (!isLatex && !MARKDOWN.includes(ending))
    throw new BytesperError(
      "BAD_INPUT",
      `${name} is no paper; give files that end in ${[...MARKDOWN, ...LATEX].join(", ")}.`,
    );
  const { path, bytes } = read(name);
  const text = bytes.toString("latin1");
  return {
    name,
    path,
    bytes,
    isLatex,
    format: isLatex ? latexFormat : markdownFormat,
    source: isLatex ? latexSource(text, name) : markdownSource(text, name),
  };
}

function read(name: string): { path: string; bytes: Buffer } {
  try {
    const path = realpathSync(name);
    // A pipe would be waited for, and could not be written back.
    if (!statSync(path).isFile())
      throw new BytesperError("BAD_INPUT", `${name} is no regular file; give a Markdown or LaTeX file.`);
    return { path, bytes: readFileSync(path) };
  } catch (error) {
    if (error instanceof BytesperError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "its permissions forbid it"
          : (message.split("\n")[0] ?? message);
    throw new BytesperError("BAD_INPUT", `${name} cannot be read: ${why}.`, { cause: error });
  }
}
