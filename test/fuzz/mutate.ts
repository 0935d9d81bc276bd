import fc from "fast-check";

/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Stands for a number that JSON.parse reads as Infinity. */
const HUGE = "@1e999";

const hostileText = fc.oneof(
  fc.constantFrom(
    ...["", " ", "x", "0", "-1", "1e5", "ok", "absent", "..", "../x", "/etc/passwd", "README.md"],
    ...["__proto__", "constructor", "toString", "a.b", "a=b", "a,b", "a|b", "`", "<b>&amp;", "]]>", "[a](b)"],
    ...[
      "$x_1$",
      "\\input{x}",
      "%",
      "#",
      "\u0000",
      "\u001b[31m",
      "\r\n",
      "\n",
      "\u2028",
      "\ufeff",
      "\ud800",
      "😀",
    ],
    ...["a".repeat(300), "9".repeat(400), HUGE],
  ),
  fc.string({ maxLength: 12, unit: "binary" }),
);

const hostileNumber = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e-320, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);

const hostileValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: hostileNumber },
  { weight: 3, arbitrary: hostileText },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Json[]>(
      ...[
        null,
        true,
        false,
        [],
        {},
        [[]],
        [null],
        { absent: "why" },
        { absent: 5 },
        { above: 5, reason: "r" },
      ],
      ...[{ value: 5, low: 9, high: 1 }, { value: 1, low: 1, high: 1 }, { __proto__: null }, [1, 2, 3]],
    ),
  },
);

type Edit = { at: number } & (
  | { what: "replace" | "insert"; value: Json; key: string }
  | { what: "delete" | "twice" | "swap" }
  | { what: "rename"; key: string }
);

const at = fc.nat({ max: 1_000_000 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant("replace" as const),
      at,
      value: hostileValue,
      key: hostileText,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("insert" as const), at, value: hostileValue, key: hostileText }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom("delete" as const, "twice" as const, "swap" as const), at }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("rename" as const), at, key: hostileText }) },
);

/** A document of JSON with one to four edits in it. Shrinks to fewer of them. */
export function editedJson(documents: readonly Json[]): fc.Arbitrary<Json> {
  return fc
    .tuple(fc.nat({ max: documents.length - 1 }), fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([which, edits]) =>
      edits.reduce((document, each) => apply(document, each), documents[which] as Json),
    );
}

interface Place {
  parent: Json[] | Record<string, Json>;
  key: string;
}

function apply(before: Json, change: Edit): Json {
  const root: Record<string, Json> = { document: structuredClone(before) };
  const places = placesIn(root);
  const place = places[change.at % places.length];
  if (place === undefined) return before;
  const { parent, key } = place;
  const value = valueAt(place);
  switch (change.what) {
    case "replace":
      put(parent, key, change.value);
      break;
    case "insert":
      if (Array.isArray(value)) value.push(change.value);
      else if (typeof value === "object" && value !== null) put(value, change.key, change.value);
      break;
    case "delete":
      if (parent === root) break;
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else Reflect.deleteProperty(parent, key);
      break;
    case "twice":
      if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(value));
      break;
    case "swap": {
      const other = places[(change.at * 7 + 3) % places.length];
      if (other === undefined || parent === root || other.parent === root) break;
      put(parent, key, structuredClone(valueAt(other)));
      break;
    }
    case "rename":
      if (Array.isArray(parent) || parent === root) break;
      Reflect.deleteProperty(parent, key);
      put(parent, change.key, value);
  }
  return root.document as Json;
}

function placesIn(root: Record<string, Json>): Place[] {
  const places: Place[] = [];
  const visit = (parent: Json[] | Record<string, Json>, key: string): void => {
    places.push({ parent, key });
    const value = valueAt({ parent, key });
    if (typeof value !== "object" || value === null) return;
    for (const inner of Object.keys(value)) visit(value, inner);
  };
  visit(root, "document");
  return places;
}

function valueAt({ parent, key }: Place): Json {
  return (parent as Record<string, Json>)[key] as Json;
}

/** Also for keys such as `__proto__`, which a plain assignment would take for something else. */
function put(parent: object, key: string, value: Json): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

export function textOf(document: Json): string {
  return JSON.stringify(document).replaceAll(`"${HUGE}"`, "1e999");
}

type Damage =
  | { what: "flip" | "cut"; at: number; bit: number }
  | { what: "insert"; at: number; text: string }
  | { what: "lines"; at: number; to: number; how: "drop" | "twice" | "move" };

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ what: fc.constantFrom("flip" as const, "cut" as const), at, bit: fc.nat({ max: 7 }) }),
  fc.record({ what: fc.constant("insert" as const), at, text: hostileText }),
  fc.record({
    what: fc.constant("lines" as const),
    at,
    to: at,
    how: fc.constantFrom("drop", "twice", "move"),
  }),
);

/** Bytes of a text with one to four damages: flipped bits, a lost end, inserted texts, lines moved or doubled. */
export function damagedText(texts: readonly string[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat({ max: texts.length - 1 }), fc.array(damage, { minLength: 1, maxLength: 4 }))
    .map(([which, damages]) => damages.reduce(harm, Buffer.from(texts[which] ?? "")));
}

function harm(bytes: Buffer, change: Damage): Buffer {
  const offset = change.at % (bytes.length + 1);
  switch (change.what) {
    case "flip": {
      const copy = Buffer.from(bytes);
      if (offset < copy.length) copy[offset] = (copy[offset] ?? 0) ^ (1 << change.bit);
      return copy;
    }
    case "cut":
      return bytes.subarray(0, offset);
    case "insert":
      return Buffer.concat([bytes.subarray(0, offset), Buffer.from(change.text), bytes.subarray(offset)]);
    case "lines": {
      const lines = bytes.toString("latin1").split("\n");
      const from = change.at % lines.length;
      const [line = ""] = change.how === "twice" ? [lines[from]] : lines.splice(from, 1);
      if (change.how !== "drop") lines.splice(change.to % (lines.length + 1), 0, line);
      return Buffer.from(lines.join("\n"), "latin1");
    }
  }
}

export { hostileText };
