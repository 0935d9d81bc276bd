import { BytesperError } from "../../base/errors.js";

/** Values of the kinds that a snapshot consists of; a dictionary is a Map. */
export type Pickled = null | boolean | number | string | Pickled[] | Map<Pickled, Pickled>;

/** A snapshot has no more values than this waiting on the stack, or in all. */
const MOST_WAITING = 10_000_000;
const MOST_VALUES = 200_000_000;

/**
 * Reads a pickle of protocols 2 to 5 as data. Only the instructions that make numbers, texts, lists, tuples and
 * dictionaries are known; one that would import or call something is refused, so nothing is ever executed.
 * The instructions are those of Python's Lib/pickletools.py.
 */
export function readPickle(bytes: Buffer): Pickled {
  const stack: Pickled[] = [];
  const marks: number[] = [];
  const memo: Pickled[] = [];
  let at = 0;
  let made = 0;
  const refuse = (what: string): never => {
    throw new BytesperError(
      "BAD_INPUT",
      `Expected a memory snapshot of PyTorch (a pickle of plain data), and byte ${at} ${what}; take it with torch.cuda.memory._dump_snapshot.`,
    );
  };
  const need = (count: number): number => {
    const from = at;
    if (count < 0 || from + count > bytes.length) refuse("is where the file ends too early");
    at += count;
    return from;
  };
  const push = (value: Pickled): void => {
    if (stack.length >= MOST_WAITING || (made += 1) > MOST_VALUES) refuse("is one value too many");
    stack.push(value);
  };
  const pop = (): Pickled => {
    const value = stack.pop();
    return value === undefined ? refuse("takes a value where there is none") : value;
  };
  const top = (): Pickled => {
    const value = stack.at(-1);
    return value === undefined ? refuse("looks at a value where there is none") : value;
  };
  const sinceMark = (): Pickled[] => {
    const mark = marks.pop();
    return mark === undefined || mark > stack.length
      ? refuse("ends a list that was not begun")
      : stack.splice(mark);
  };
  const text = (length: number): string => {
    const from = need(length);
    return bytes.toString("utf8", from, from + length);
  };
  const put = (map: Pickled, key: Pickled, value: Pickled): void => {
    if (!(map instanceof Map)) refuse("sets a key of what is no dictionary");
    else map.set(key, value);
  };
  const append = (values: readonly Pickled[]): void => {
    const list = top();
    if (!Array.isArray(list)) refuse("appends to what is no list");
    else for (const value of values) list.push(value);
  };
  const recall = (index: number): void => {
    const value = memo[index];
    push(value === undefined ? refuse("recalls what was not kept") : value);
  };
  for (;;) {
    const code = bytes[need(1)] as number;
    switch (code) {
      case 0x80: {
        const protocol = bytes[need(1)] as number;
        if (protocol < 2 || protocol > 5) refuse(`names protocol ${protocol}`);
        break;
      }
      case 0x95:
        need(8);
        break; // FRAME
      case 0x28:
        marks.push(stack.length);
        break; // MARK
      case 0x2e:
        return pop(); // STOP
      case 0x30:
        pop();
        break; // POP
      case 0x4e:
        push(null);
        break;
      case 0x88:
        push(true);
        break;
      case 0x89:
        push(false);
        break;
      case 0x4b:
        push(bytes[need(1)] as number);
        break; // BININT1
      case 0x4d:
        push(bytes.readUInt16LE(need(2)));
        break;
      case 0x4a:
        push(bytes.readInt32LE(need(4)));
        break;
      case 0x8a: {
        // LONG1
        const length = bytes[need(1)] as number;
        const from = need(length);
        let value = 0;
        for (let index = length - 1; index >= 0; index -= 1)
          value = value * 256 + (bytes[from + index] as number);
        if (length > 0 && (bytes[from + length - 1] as number) > 127) value -= 256 ** length;
        push(value);
        break;
      }
      case 0x47:
        push(bytes.readDoubleBE(need(8)));
        break;
      case 0x8c:
        push(text(bytes[need(1)] as number));
        break; // SHORT_BINUNICODE
      case 0x58:
        push(text(bytes.readUInt32LE(need(4))));
        break; // BINUNICODE
      case 0x55:
        push(text(bytes[need(1)] as number));
        break; // SHORT_BINSTRING
      case 0x43:
        push(text(bytes[need(1)] as number));
        break; // SHORT_BINBYTES
      case 0x42:
        push(text(bytes.readUInt32LE(need(4))));
        break; // BINBYTES
      case 0x5d:
        push([]);
        break;
      case 0x29:
        push([]);
        break;
      case 0x7d:
        push(new Map());
        break;
      case 0x6c:
        push(sinceMark());
        break;
      case 0x74:
        push(sinceMark());
        break;
      case 0x85:
        push([pop()]);
        break;
      case 0x86: {
        const last = pop();
        push([pop(), last]);
        break;
      }
      case 0x87: {
        const third = pop();
        const second = pop();
        push([pop(), second, third]);
        break;
      }
      case 0x61:
        append([pop()]);
        break;
      case 0x65:
        append(sinceMark());
        break;
      case 0x73: {
        const value = pop();
        const key = pop();
        put(top(), key, value);
        break;
      }
      case 0x75: {
        const pairs = sinceMark();
        for (let index = 0; index + 1 < pairs.length; index += 2)
          put(top(), pairs[index] as Pickled, pairs[index + 1] as Pickled);
        break;
      }
      case 0x94:
        memo.push(top());
        break; // MEMOIZE
      case 0x71:
        memo[bytes[need(1)] as number] = top();
        break; // BINPUT
      case 0x72: {
        const index = bytes.readUInt32LE(need(4));
        if (index > bytes.length) refuse("keeps a value under an absurd number");
        memo[index] = top();
        break;
      }
      case 0x68:
        recall(bytes[need(1)] as number);
        break;
      case 0x6a:
        recall(bytes.readUInt32LE(need(4)));
        break;
      case 0x63:
      case 0x93:
      case 0x52:
      case 0x69:
      case 0x6f:
      case 0x81:
      case 0x92:
      case 0x62:
      case 0x82:
      case 0x83:
      case 0x84:
      case 0x50:
      case 0x51:
        return refuse("asks to import or call code, which is refused");
      default:
        refuse(`holds the instruction 0x${code.toString(16)}, which no snapshot has`);
    }
  }
}

/** Whether bytes begin as a pickle of protocols 2 to 5 does. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 9) <= 5;
}
