import type { SnapshotMeta } from "./graph.js";
import type { JsonScanner } from "./scanner.js";
import { BATCH_RECORDS } from "./scanner.js";

export interface Edge {
  type: number;
  /** Index into the strings, or index of an element. */
  name: number;
  to: number;
}

/** Edges of one page: the scanner tells the offset after each batch. */
export const PAGE_EDGES = BATCH_RECORDS;
const MOST_PAGES = 512;

/** Reads single edges from the file, where their columns would take more memory than everything else. */
export class EdgePages {
  readonly #scanner: JsonScanner;
  readonly #width: number;
  readonly #nodeWidth: number;
  readonly #fields: readonly [type: number, name: number, to: number];
  /** Where each page begins in the file; one entry more ends the last one. */
  readonly #starts: Float64Array;
  readonly #pages = new Map<number, Float64Array>();

  constructor(scanner: JsonScanner, meta: SnapshotMeta, starts: Float64Array) {
    this.#scanner = scanner;
    const { edgeFields, nodeFields } = meta;
    this.#width = edgeFields.length;
    this.#nodeWidth = nodeFields.length;
    const place = (field: string): number => edgeFields.indexOf(field);
    this.#fields = [place("type"), place("name_or_index"), place("to_node")];
    this.#starts = starts;
  }

  edge(edge: number): Edge {
    const [type, name, to] = this.#fields;
    const numbers = this.#page(Math.floor(edge / PAGE_EDGES));
    const first = (edge % PAGE_EDGES) * this.#width;
    return {
      type: numbers[first + type] as number,
      name: numbers[first + name] as number,
      to: (numbers[first + to] as number) / this.#nodeWidth,
    };
  }

  #page(page: number): Float64Array {
    const known = this.#pages.get(page);
    if (known !== undefined) return known;
    const bytes = this.#scanner.bytes(this.#starts[page] as number, this.#starts[page + 1] as number);
    // The scanner has read this text before, so it holds numbers from 0 alone, with one delimiter or more between them.
    const numbers = new Float64Array(PAGE_EDGES * this.#width);
    let [count, value, digits] = [0, 0, 0];
    for (let place = 0; place < bytes.length; place++) {
      const byte = bytes[place] as number;
      if (byte >= 0x30 && byte <= 0x39) {
        value = value * 10 + (byte - 0x30);
        digits++;
      } else if (digits > 0) {
        numbers[count++] = value;
        value = digits = 0;
      }
    }
    if (this.#pages.size >= MOST_PAGES) this.#pages.clear();
    this.#pages.set(page, numbers);
    return numbers;
  }
}
