import { Draft, findIn } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around, endsAlone } from "./grammar.js";

/** The first line of a stack trace; in a JSON string the tab is written as \t. */
const STACK = /^(?:\\t)?at[\w.$/@<>]{1,160}\(/;
/** The text before the class name when the error was thrown. */
const THROWING = /(?:Causedby:|thread"[^"]*"|dueto:?|exception:|error:)$/i;
const THROWN = anywhere`java\.lang\.OutOfMemoryError`;
const REASONS = [
  next`: Cannot reserve {size:requestedBytes} of direct buffer memory \( allocated : {whole:allocatedBytes} , limit : {whole:limitBytes} \)`,
  next`: request {size:requestedBytes} for [^.\n]{1,60} \. Out of swap space \?`,
  next`: Failed to allocate a {whole:requestedBytes} byte allocation with {whole:freeBytes} free bytes`,
  next`: (?<reason> Java heap space (?: : failed reallocation of scalar replaced objects )? | GC overhead limit exceeded | Metaspace | PermGen space | Compressed class space
    | Direct buffer memory | Requested array size exceeds VM limit | Required array (?:length|size) too large | Required length exceeds implementation limit | Map failed | Out of swap space \??
    | (?:unable to create | Unable to create )(?: new )? native thread (?: : possibly out of memory or process / resource limits reached )? )`,
];
/** A program's own message, if a stack trace follows it. */
const OWN_WORDS = next`: (?<reason> [^\n:;]{1,160}? ) (?= (?:\\t)? at [\w.$\/@<>]{1,160} \( [\w. ]{1,80} (?: : \d+ )? \) )`;
/** Netty counts its direct memory itself. */
const NETTY = anywhere`OutOfDirectMemoryError : failed to allocate {whole:requestedBytes} byte\(s\) of direct memory \( used : {whole:allocatedBytes} , max : {whole:limitBytes} \)`;
const METASPACE = anywhere`Could not allocate (?: metaspace | compressed class space ) : {size:requestedBytes}`;
const COMMIT = anywhere`os::commit_memory \( 0x[\da-f]+ , {whole:requestedBytes} , (?:0x)?[\da-f]+ (?: , \d )? \) failed (?: ; error = '[^']{0,80}' \( [\w ]{0,8} errno = \d+ \) | [^#]{0,80}? errno = \d+ \) )?`;
const NATIVE = anywhere`Native memory allocation \( (?:mmap|malloc) \) failed to (?:map|allocate) (?<_size>\d+) bytes`;
const OBJECT_HEAP = anywhere`Could not reserve enough space for (?: {size:requestedBytes} )? object heap`;

export const jvm: Grammar = {
  name: "jvm",
  needles: [
    { text: ".outofmemoryerror" },
    { text: "memoryerror", then: [":", "\n", "'", '"', ")", "at"], near: ["outof", "java"] },
    { text: "java heap space", near: ["error"] },
    { text: "commit_mem", then: ["ory("] },
    { text: "_memory(0x" },
    { text: "errno=12)" },
    { text: "native memory alloc", then: ["ation("] },
    { text: "object heap", near: ["reserve"] },
    { text: "outofdirectmemory", then: ["error"] },
    { text: "of direct memory", then: ["("] },
    { text: "not allocate", then: ["metaspace:", "compressed"] },
    { text: "byte allocation with", then: ["#"] },
  ],
  read(place) {
    const { view } = place;
    const classes = around(place, METASPACE);
    if (classes !== undefined) {
      const draft = new Draft(view, "jvm", classes);
      draft.details.reason = "class space";
      draft.details.onHost = true;
      draft.finding = [
        "host-memory",
        "The JVM could not reserve {requested} of address space for its classes: a limit on virtual memory is the usual cause, not the heap.",
      ];
      return draft;
    }
    const commit = around(place, COMMIT) ?? around(place, OBJECT_HEAP) ?? around(place, NETTY);
    if (commit !== undefined) return withNative(new Draft(view, "jvm", commit));
    const native = around(place, NATIVE);
    if (native !== undefined) return withNative(new Draft(view, "jvm", native), native);
    const thrown = around(place, THROWN);
    if (thrown === undefined) return undefined;
    const draft = new Draft(view, "jvm", thrown);
    const stated =
      REASONS.some((reason) => draft.accept(reason) !== undefined) || draft.accept(OWN_WORDS) !== undefined;
    if (draft.figures.size > 0) return draft;
    // After a message of the JVM comes a stack trace or nothing. If a sentence continues, it is prose.
    if (STACK.test(view.text.slice(draft.end, draft.end + 200))) return draft;
    if (!endsAlone(view, draft.end)) return undefined;
    // Code and documentation also contain the class name alone.
    const before = view.text.slice(Math.max(0, thrown.index - 60), thrown.index);
    return stated || view.isLineStart(thrown.index) || THROWING.test(before) ? draft : undefined;
  },
};

/** The error file that the JVM writes repeats the same message with the same bytes. */
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
