import type { Ended } from "./cli.js";
import { run } from "./cli.js";

/** Compiles a paper in its folder, or says what is missing. */
export async function pdflatex(folder: string, file: string): Promise<Ended | string> {
  const found = await run("sh", ["-c", "kpsewhich siunitx.sty booktabs.sty && command -v pdflatex"]).catch(
    () => undefined,
  );
  if (found?.stdout.trim().split("\n").length !== 3)
    return "pdflatex with siunitx and booktabs is missing (Debian: texlive-latex-recommended, texlive-science)";
  const args = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", file];
  await run("pdflatex", args, { cwd: folder });
  return run("pdflatex", args, { cwd: folder });
}
