import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import type { FigureEnding, FigureLink } from "../report/figure-links.js";
import type { Result } from "../record/schema.js";
import { writeWhole } from "../base/write.js";

/** Figures of a result, drawn but not yet written. */
export interface Drawings {
  files: { link: FigureLink; contents: readonly FigureFile[] }[];
  /** Figures that could not be drawn, one sentence each. */
  problems: string[];
}

interface FigureFile {
  ending: FigureEnding;
  content: string | Uint8Array;
}

/**
 * Draws every figure of a result. The drawing modules take half a second to load, so they are loaded only here. If one
 * figure fails, the problem is reported and the rest is kept: the numbers matter more.
 */
export async function drawFigures(result: Result): Promise<Drawings> {
  const [{ figuresOf, figuresWithoutData }, { drawn }, { finished }, { pngOf, pdfOf }, { figureName }] =
    await Promise.all([
      import("../report/figure/of-result.js"),
      import("../report/figure/draw.js"),
      import("../report/figure/svg.js"),
      import("../report/figure/pictures.js"),
      import("../report/figure/name.js"),
    ]);
  const drawings: Drawings = { files: [], problems: figuresWithoutData(result) };
  let canvas = true;
  for (const figure of figuresOf(result)) {
    try {
      const contents = await drawn(figure, async (own): Promise<FigureFile[]> => {
        const files: FigureFile[] = [
          { ending: "svg", content: finished(own.svg, figure, own.width, own.height) },
          { ending: "vl.json", content: `${JSON.stringify(own.chart, null, 1)}\n` },
        ];
        if (!canvas) return files;
        try {
          return [
            ...files,
            { ending: "png", content: await pngOf(own) },
            { ending: "pdf", content: await pdfOf(own) },
          ];
        } catch (error) {
          if (!lacksPackage(error)) throw error;
          canvas = false;
          drawings.problems.push(`${error.message} Figures are written as SVG only.`);
          return files;
        }
      });
      const name = figureName(figure);
      const endings = contents.map(({ ending }) => ending);
      drawings.files.push({
        link: { title: figure.title, folder: folderOf(result), name, endings },
        contents,
      });
    } catch (error) {
      if (lacksPackage(error)) {
        drawings.problems.push(`${error.message} Everything else is written without them.`);
        break;
      }
      drawings.problems.push(`The figure "${figure.title}" could not be drawn: ${sentence(error)}.`);
    }
  }
  return drawings;
}

function lacksPackage(error: unknown): error is BytesperError {
  return error instanceof BytesperError && error.code === "NO_PACKAGE";
}

/** Figures of an incomplete result get another folder, so that they never replace those of a complete one. */
function folderOf({ complete }: Result): string {
  return complete ? "figures" : "partial-figures";
}

const FOLDERS = ["figures", "partial-figures"];

/** Writes the figures into the folder of their experiment and removes old files there. */
export function writeFigures(folder: string, result: Result, { files }: Drawings): void {
  const own = join(folder, folderOf(result));
  if (files.length > 0) mkdirSync(own, { recursive: true });
  const kept = new Set<string>();
  const write = (file: string, content: string | Uint8Array): void => {
    writeWhole(join(own, file), content);
    kept.add(file);
  };
  for (const { link, contents } of files)
    for (const { ending, content } of contents) write(`${link.name}.${ending}`, content);
  removeFigures(own, (file) => !kept.has(file));
  if (result.complete) removeFigures(join(folder, "partial-figures"), () => true);
}

function removeFigures(folder: string, isOld: (file: string) => boolean): void {
  const files = filesIn(folder);
  if (files === undefined) return;
  const old = files.filter((file) => /\.(svg|png|pdf|vl\.json)$/.test(file) && isOld(file));
  for (const file of old) rmSync(join(folder, file), { force: true });
  if (old.length === files.length) rmSync(folder, { recursive: true, force: true });
}

/** Names of the figure folders inside an experiment's folder. */
export function figureFolders(folder: string): string[] {
  return FOLDERS.filter((name) => filesIn(join(folder, name)) !== undefined);
}

function filesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
