import { Draft, findIn } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

const THROWN = anywhere`java\.lang\.OutOfMemoryError`;
const REASONS = [
  next`: Cannot reserve {size:requestedBytes} of direct buffer memory \( allocated : {whole:allocatedBytes} , limit : {whole:limitBytes} \)`,
  next`: request {size:requestedBytes} for [^.\n]{1,60} \. Out of swap space \?`,
  next`: (?<reason> Java heap space | GC overhead limit exceeded | Metaspace | PermGen space | Compressed class space
    | Direct buffer memory | Requested array size exceeds VM limit | Map failed | Out of swap space \??
    | (?:unable to create | Unable to create )(?: new )? native thread (?: : possibly out of memory or process / resource limits reached )? )`,
];
const COMMIT = anywhere`os::commit_memory \( 0x[\da-f]+ , {whole:requestedBytes} , (?:0x)?[\da-f]+ (?: , \d )? \) failed (?: ; error = '[^']{0,80}' \( [\w ]{0,8} errno = \d+ \) | [^#]{0,80}? errno = \d+ \) )?`;
const NATIVE = anywhere`Native memory allocation \( (?:mmap|malloc) \) failed to (?:map|allocate) (?<_size>\d+) bytes`;
const OBJECT_HEAP = anywhere`Could not reserve enough space for (?: {size:requestedBytes} )? object heap`;

export const jvm: Grammar = {
  name: "jvm",
  needles: [
    "outofmemory",
    "memoryerror",
    "commit_mem",
    "_memory(0x",
    "errno=12)",
    "native memory alloc",
    "object heap",
  ],
  read(place) {
    const { view } = place;
    const commit = around(place, COMMIT) ?? around(place, OBJECT_HEAP);
    if (commit !== undefined) return withNative(new Draft(view, "jvm", commit));
    const native = around(place, NATIVE);
    if (native !== undefined) return withNative(new Draft(view, "jvm", native), native);
    const thrown = around(place, THROWN);
    if (thrown === undefined) return undefined;
    const draft = new Draft(view, "jvm", thrown);
    const stated = REASONS.some((reason) => draft.accept(reason) !== undefined);
    // A stack trace, a new line or a closing mark follows what the JVM printed; a sentence goes on.
    const after = view.text.slice(draft.end, draft.end + 2);
    const ends = view.isLineStart(draft.end) || /^(?:['"`)\]}|;<]|at|\\t)/.test(after);
    return (stated && draft.figures.size > 0) || ends ? draft : undefined;
  },
};

/** The file that the JVM leaves says the same again, in the same bytes. */
function withNative(draft: Draft, first?: RegExpExecArray): Draft {
  const native = first ?? findIn(draft.view, NATIVE, draft.end, draft.end + 400);
  const bytes = Number(native?.groups?._size);
  const place = native?.indices?.groups?._size;
  if (native === undefined || place === undefined) return draft;
  const requested = draft.bytes("requestedBytes");
  if (requested === undefined) draft.set("requestedBytes", { bytes, range: [bytes, bytes] }, place);
  if (requested === undefined || requested === bytes) draft.take(native);
  return draft;
}
