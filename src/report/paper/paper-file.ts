import { readFileSync, realpathSync, statSync } from "node:fs";
import { extname } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { PaperFormat } from "./format.js";
import { latexFormat } from "./latex-format.js";
import { latexSource } from "./latex-source.js";
import { markdownFormat } from "./markdown-format.js";
import { markdownSource } from "./markdown-source.js";
import type { Source } from "./marker.js";

export interface PaperFile {
  /** The name that the user gave. */
  name: string;
  /** The path of the real file, not of a link to it. */
  path: string;
  bytes: Buffer;
  isLatex: boolean;
  format: PaperFormat;
  source: Source;
}

const LATEX = [".tex", ".ltx"];
const MARKDOWN = [".md", ".markdown"];

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
    // Reading from a pipe would wait, and a pipe cannot be rewritten.
    if (!statSync(path).isFile())
      throw new BytesperError("BAD_INPUT", `${name} is no regular file; give a Markdown or LaTeX file.`);
    return { path, bytes: readFileSync(path) };
  } catch (error) {
    if (error instanceof BytesperError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "its permissions forbid it"
          : sentence(error);
    throw new BytesperError("BAD_INPUT", `${name} cannot be read: ${why}.`, { cause: error });
  }
}
