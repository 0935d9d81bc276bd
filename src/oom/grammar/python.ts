import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";
import { TRACEBACK_LINE } from "./host.js";

const NUMPY = anywhere`(?: MemoryError : )? Unable to allocate (?: {size:requestedBytes} for an )? array with shape \( (?<_shape>[\d,]*) \) and data type (?<tensorDtype> [<>=|]?[a-zA-Z]+\d* (?: \[\w{1,4}\] )? )`;
const NO_MEMORY = anywhere`OSError : \[Errno 12\] Cannot allocate memory`;
const BARE = anywhere`MemoryError`;

const OF_A_CARD =
  /^MemoryError:(?:Cannotallocate\d+bytes:nomemoryisavailable|.{0,60}?(?:cu(?:Mem|Ctx|Array|Stream|Module)[A-Z]\w*|cuda|CUDA|RMM|hip[A-Z]\w*|HIP|GPU|OpenCL))/s;
const OWN_WORDS = /^:(?:std::bad_alloc|badallocation|Unabletoallocate|Cannotallocate)/i;

export const python: Grammar = {
  name: "python",
  needles: [
    { text: "memoryerror", then: ["\n", ":"] },
    { text: "[errno 12]", then: ["cannot"] },
    { text: "cannot allocate", then: ["memory"], near: ["errno 12"] },
    { text: "unable to alloc", then: ["ate$", "atearray"] },
    { text: "array with shape", then: ["("] },
    { text: "and data type", near: ["shape", "array"] },
  ],
  read(place) {
    const { view } = place;
    const numpy = around(place, NUMPY);
    if (numpy !== undefined) {
      const draft = new Draft(view, "numpy", numpy);
      draft.details.tensorShape = (numpy.groups?._shape ?? "").split(",").filter(Boolean).map(Number);
      const width = elementBytes(draft.details.tensorDtype ?? "");
      // NumPy rounds the size to three digits; the shape gives the exact size.
      if (width !== undefined)
        draft.details.derivedRequestedBytes = draft.details.tensorShape.reduce(
          (product, size) => product * size,
          width,
        );
      return draft;
    }
    const refused = around(place, NO_MEMORY, 60, 80);
    if (refused !== undefined) return new Draft(view, "python", refused);
    // At the end of a traceback the words have their own line. Inside a line they are a class name in
    // somebody's code.
    const bare = around(place, BARE, 40, 120);
    if (bare === undefined || !view.isLineStart(bare.index)) return undefined;
    // Skips the class of another language's or framework's error that ends with the same words.
    if (view.text.slice(Math.max(0, bare.index - 5), bare.index) === "OutOf") return undefined;
    // The words of a library that has the card's memory, not the host's.
    if (OF_A_CARD.test(view.text.slice(bare.index, bare.index + 160))) return undefined;
    const draft = new Draft(view, "python", bare);
    if (view.isLineStart(draft.end)) return draft;
    if (!view.text.startsWith(":", draft.end)) return undefined;
    // Documentation shows the class in the same form. Only a traceback above, or a program's own message
    // after it, makes it a report.
    const [above = ""] = view.rawLinesBefore(draft.start, 1);
    return TRACEBACK_LINE.test(above) || OWN_WORDS.test(view.text.slice(draft.end)) ? draft : undefined;
  },
};

/**
 * Bytes of one element by NumPy's type names. A character of a text has 4 bytes ("<U8"), of a byte string 1
 * ("|S8").
 */
function elementBytes(name: string): number | undefined {
  const [, kind = "", digits] = /^[<>=|]?([a-z]+|[USV])(\d*)$/i.exec(name) ?? [];
  if (kind === "bool") return 1;
  if (digits === undefined || digits === "") return undefined;
  if (/^(?:u?int|float|complex)$/.test(kind)) return Number(digits) / 8;
  if (kind === "U") return 4 * Number(digits);
  return kind === "S" || kind === "V" ? Number(digits) : undefined;
}
