const NARROWEST = 40;

/**
 * How many characters a line of standard output (or of another stream) may have: those of the terminal, else what COLUMNS says. A pipe or a
 * file has no bound, because programs that read lines want them whole.
 */
export function outputWidth(stream: NodeJS.WriteStream = process.stdout): number {
  const { isTTY, columns } = stream;
  const width = isTTY ? columns : Number(process.env.COLUMNS);
  return width > 0 ? Math.max(NARROWEST, width) : Infinity;
}
