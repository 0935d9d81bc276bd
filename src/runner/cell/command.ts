import { isUtf8 } from "node:buffer";
import { isTooDeep, MOST_DEPTH } from "../../base/json-depth.js";
import type { CommandData } from "../../record/cell.js";
import type { ProgramReading } from "../../experiment/define.js";

/** A cell that is a program of the user. */
export interface CommandSpec {
  /** The program and its arguments. Placeholders are already replaced by the levels of the cell. */
  argv: string[];
  /** The working folder of the program: the folder of the experiment file. */
  cwd: string;
  env: Record<string, string>;
  /** Names of the readings that the program must print. If one is missing, the cell fails. */
  required: string[];
}

/**
 * Longest line that is parsed, bytes. Without a limit, output without newlines could fill the runner's
 * memory.
 */
const LONGEST_LINE = 2 ** 20;
/** Most names of readings: each is a column of every table. */
const MOST_NAMES = 1000;
/** Longest name of a reading, characters. */
const LONGEST_NAME = 200;

/** Finds lines of JSON in a stream. The memory it needs has a limit, whatever the program prints. */
export class JsonLines {
  readonly data: CommandData = {
    // No prototype: a program may name a reading "constructor" or "toString".
    readings: Object.create(null) as CommandData["readings"],
    jsonLines: 0,
    otherLines: 0,
    outputBytes: 0,
  };
  #pieces: Buffer[] = [];
  #length = 0;
  #names = 0;
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

  /** Handles the last line, which may have no newline. */
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
    const isLong = this.#length > LONGEST_LINE;
    const line = isLong ? undefined : Buffer.concat(this.#pieces);
    const blank = this.#length === 0;
    this.#pieces = [];
    this.#length = 0;
    if (isLong) this.#refuse(`a line is longer than ${LONGEST_LINE} bytes`);
    const object = line === undefined ? undefined : this.#objectIn(line);
    if (object === undefined) {
      if (!blank) this.data.otherLines++;
      return;
    }
    this.data.jsonLines++;
    for (const [name, value] of Object.entries(object)) if (isReading(value)) this.#take(name, value);
    this.#onObject(object);
  }

  #take(name: string, value: ProgramReading): void {
    const { readings } = this.data;
    if (!(name in readings)) {
      if (name.length > LONGEST_NAME) {
        this.#refuse(`the name of a reading is longer than ${LONGEST_NAME} characters`);
        return;
      }
      if (this.#names >= MOST_NAMES) {
        this.#refuse(`a cell may have ${MOST_NAMES} names of readings`);
        return;
      }
      this.#names++;
    }
    readings[name] = value;
  }

  #refuse(why: string): void {
    this.data.refused = { ...this.data.refused, [why]: (this.data.refused?.[why] ?? 0) + 1 };
  }

  #objectIn(line: Buffer): Record<string, unknown> | undefined {
    // Most lines are not JSON. This cheap check avoids parsing them.
    const text = line.toString("utf8").trim();
    if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
    if (isTooDeep(text)) {
      this.#refuse(`a line of JSON is nested deeper than ${MOST_DEPTH} levels`);
      return undefined;
    }
    let object: Record<string, unknown>;
    try {
      object = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return undefined;
    }
    if (isUtf8(line)) return object;
    this.#refuse("a line of JSON is not UTF-8");
    return undefined;
  }
}

function isReading(value: unknown): value is ProgramReading {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  const { absent, above, reason } = value as Record<string, unknown>;
  return typeof absent === "string" || (Number.isFinite(above) && typeof reason === "string");
}
