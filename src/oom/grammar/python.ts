import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

const NUMPY = anywhere`(?:\w*MemoryError : )? Unable to allocate (?: {size:requestedBytes} for an )? array with shape \( (?<_shape>[\d,]*) \) and data type (?<tensorDtype> [<>=|]?[a-zA-Z]+\d* )`;
const BARE = anywhere`MemoryError (?: : std::bad_alloc [\w:.,]{0,80} )?`;

export const python: Grammar = {
  name: "python",
  needles: ["memoryerror", "unable to alloc", "array with shape", "and data type"],
  read(place) {
    const { view } = place;
    const numpy = around(place, NUMPY);
    if (numpy !== undefined) {
      const draft = new Draft(view, "numpy", numpy);
      draft.details.tensorShape = (numpy.groups?._shape ?? "").split(",").filter(Boolean).map(Number);
      const width = /(\d+)$/.exec(draft.details.tensorDtype ?? "")?.[1];
      // NumPy rounds to three digits; the shape gives the rest.
      if (width !== undefined)
        draft.details.derivedRequestedBytes = draft.details.tensorShape.reduce(
          (product, size) => product * size,
          Number(width) / 8,
        );
      return draft;
    }
    // A line of its own ends a traceback; the words inside a line are a class in somebody's code.
    const bare = around(place, BARE, 40, 120);
    if (bare === undefined || !view.isLineStart(bare.index)) return undefined;
    // The class of another language's or framework's error, wrapped.
    if (view.text.slice(Math.max(0, bare.index - 5), bare.index) === "OutOf") return undefined;
    const draft = new Draft(view, "python", bare);
    return view.isLineStart(draft.end) || view.text.startsWith(":", draft.end) ? draft : undefined;
  },
};
