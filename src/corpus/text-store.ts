/**
 * Texts outside the V8 heap, in two buffers: one byte a character if all characters are below U+0100, else two.
 * `copy` makes a new string in the same encoding, which is also V8's choice.
 */
export class TextStore {
  readonly #oneByte = new GrowingBuffer();
  readonly #twoByte = new GrowingBuffer();
  #offsets = new Float64Array(1024);
  /** In characters; negative for a text with two bytes a character. */
  #lengths = new Float64Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(text: string): number {
    if (this.#count === this.#offsets.length) {
      this.#offsets = grown(this.#offsets);
      this.#lengths = grown(this.#lengths);
    }
    const wide = /[\u0100-\uffff]/.test(text);
    const index = this.#count++;
    this.#offsets[index] = (wide ? this.#twoByte : this.#oneByte).append(text, wide ? "utf16le" : "latin1");
    this.#lengths[index] = wide ? -text.length : text.length;
    return index;
  }

  copy(index: number): string {
    const offset = this.#offsets[index] ?? 0;
    const length = this.#lengths[index] ?? 0;
    return length < 0 ? this.#twoByte.slice(offset, -length, 2) : this.#oneByte.slice(offset, length, 1);
  }

  bytes(index: number): number {
    const length = this.#lengths[index] ?? 0;
    return length < 0 ? -2 * length : length;
  }
}

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(array.length * 2);
  longer.set(array);
  return longer;
}

/** Node decodes longer texts to external strings, which a parser never makes. */
const LONGEST_DECODE_BYTES = 0xf0000;

class GrowingBuffer {
  #bytes = Buffer.alloc(1 << 16);
  #length = 0;

  append(text: string, encoding: "latin1" | "utf16le"): number {
    const size = encoding === "latin1" ? text.length : 2 * text.length;
    if (this.#length + size > this.#bytes.length) {
      const longer = Buffer.alloc(Math.max(2 * this.#bytes.length, this.#length + size));
      this.#bytes.copy(longer, 0, 0, this.#length);
      this.#bytes = longer;
    }
    const offset = this.#length;
    this.#bytes.write(text, offset, encoding);
    this.#length += size;
    return offset;
  }

  slice(offset: number, characters: number, width: 1 | 2): string {
    const end = offset + characters * width;
    const encoding = width === 1 ? "latin1" : "utf16le";
    if (end - offset <= LONGEST_DECODE_BYTES) return this.#bytes.toString(encoding, offset, end);
    const parts: string[] = [];
    for (let start = offset; start < end; start += LONGEST_DECODE_BYTES) {
      parts.push(this.#bytes.toString(encoding, start, Math.min(end, start + LONGEST_DECODE_BYTES)));
    }
    // join writes the parts into one new flat string; + would make a rope.
    return parts.join("");
  }
}
