import type { ProgramReading } from "../../experiment/define.js";

/** A program of the user's that is a cell. */
export interface CommandSpec {
  /** Program and arguments, with the levels filled in. */
  argv: string[];
  /** Folder that it runs in: the experiment file's. */
  cwd: string;
  env: Record<string, string>;
  /** Readings that it must print, or the cell is a failure. */
  required: string[];
}

export interface CommandData {
  /** Last number of each name that it printed; `{ absent }` and `{ above, reason }` count as well. */
  readings: Record<string, ProgramReading>;
  /** Lines of JSON objects on stdout. */
  jsonLines: number;
  /** Lines that are none; their text is not kept. */
  otherLines: number;
  outputBytes: number;
}

/** Longest line that is looked at; what a program prints without a newline must not fill the runner's memory. */
const LONGEST_LINE = 2 ** 20;

/** Reads lines of JSON from a stream of any size and content, in bounded memory. */
export class JsonLines {
  readonly data: CommandData = {
    // Without the names that every object has: those are a program's to use.
    readings: Object.create(null) as CommandData["readings"],
    jsonLines: 0,
    otherLines: 0,
    outputBytes: 0,
  };
  #pieces: Buffer[] = [];
  #length = 0;
  readonly #onObject: (object: Record<string, unknown>) => void;

  constructor(onObject: (object: Record<string, unknown>) => void) {
    this.#onObject = onObject;
  }

  push(chunk: Buffer): void {
    this.data.outputBytes += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line may lack its newline. */
  end(): CommandData {
    if (this.#length > 0) this.#endLine();
    return this.data;
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length <= LONGEST_LINE) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  #endLine(): void {
    const object = this.#length <= LONGEST_LINE ? objectIn(Buffer.concat(this.#pieces)) : undefined;
    const blank = this.#length === 0;
    this.#pieces = [];
    this.#length = 0;
    if (object === undefined) {
      if (!blank) this.data.otherLines++;
      return;
    }
    this.data.jsonLines++;
    for (const [name, value] of Object.entries(object)) {
      if (isReading(value)) this.data.readings[name] = value;
    }
    this.#onObject(object);
  }
}

function objectIn(line: Buffer): Record<string, unknown> | undefined {
  // Most lines of most programs are no JSON: parsing is tried only where it can succeed.
  const text = line.toString("utf8").trim();
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function isReading(value: unknown): value is ProgramReading {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  const { absent, above, reason } = value as Record<string, unknown>;
  return typeof absent === "string" || (typeof above === "number" && typeof reason === "string");
}
