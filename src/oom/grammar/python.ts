import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";
import { TRACEBACK_LINE } from "./host.js";

const NUMPY = anywhere`(?: MemoryError : )? Unable to allocate (?: {size:requestedBytes} for an )? array with shape \( (?<_shape>[\d,]*) \) and data type (?<tensorDtype> [<>=|]?[a-zA-Z]+\d* (?: \[\w{1,4}\] )? )`;
const NO_MEMORY = anywhere`OSError : \[Errno 12\] Cannot allocate memory`;
const BARE = anywhere`MemoryError`;

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
      // NumPy rounds to three digits; the shape gives the rest.
      if (width !== undefined)
        draft.details.derivedRequestedBytes = draft.details.tensorShape.reduce(
          (product, size) => product * size,
          width,
        );
      return draft;
    }
    const refused = around(place, NO_MEMORY, 60, 80);
    if (refused !== undefined) return new Draft(view, "python", refused);
    // A line of its own ends a traceback; the words inside a line are a class in somebody's code.
    const bare = around(place, BARE, 40, 120);
    if (bare === undefined || !view.isLineStart(bare.index)) return undefined;
    // The class of another language's or framework's error, wrapped.
    if (view.text.slice(Math.max(0, bare.index - 5), bare.index) === "OutOf") return undefined;
    const draft = new Draft(view, "python", bare);
    if (view.isLineStart(draft.end)) return draft;
    if (!view.text.startsWith(":", draft.end)) return undefined;
    // Documentation explains the class in the same form: words of a program's own end a traceback.
    const [above = ""] = view.rawLinesBefore(draft.start, 1);
    return TRACEBACK_LINE.test(above) || OWN_WORDS.test(view.text.slice(draft.end)) ? draft : undefined;
  },
};

/** Of NumPy's types by their names; a text's characters take 4 bytes ("<U8"), a byte string's 1 ("|S8"). */
function elementBytes(name: string): number | undefined {
  const [, kind = "", digits] = /^[<>=|]?([a-z]+|[USV])(\d*)$/i.exec(name) ?? [];
  if (kind === "bool") return 1;
  if (digits === undefined || digits === "") return undefined;
  if (/^(?:u?int|float|complex)$/.test(kind)) return Number(digits) / 8;
  if (kind === "U") return 4 * Number(digits);
  return kind === "S" || kind === "V" ? Number(digits) : undefined;
}
