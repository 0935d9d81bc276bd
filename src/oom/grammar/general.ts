import { Draft, findIn } from "../draft.js";
import type { Needle } from "../gate.js";
import { ENDS_ALONE } from "../gate.js";
import { compile } from "../pattern.js";
import { exact } from "../quantity.js";
import type { View } from "../view.js";
import type { Framework } from "./framework.js";
import type { Grammar } from "./grammar.js";
import { around, endsAlone } from "./grammar.js";
import { LOOK_FOR_THE_KILLER } from "./killed.js";

/** What a program without a grammar of its own asked for and did not get. */
const REQUESTS = [
  String.raw`(?:fail(?:ed|ure) (?:to|in) | unable to | can(?:not|'t| not) | could (?:not|n't)) (?:re|m|c)?alloc(?:ate|ating)? [a-z_ ]{0,40}? SIZE`,
  String.raw`error (?:re)?allocating SIZE`,
  String.raw`allocation (?:failure)? of SIZE (?:for [\w.]{1,40}?)? (?:failed|refused)`,
  String.raw`(?:mach_vm_map|mmap|mremap|malloc|calloc|realloc|VirtualAlloc) [(,]* (?:of|size)? [=:]? SIZE [^\d]{0,40}? (?:cannot allocate memory|out of memory|failed|ENOMEM)`,
  String.raw`(?:out of memory|not enough memory|insufficient memory) [^\d]{0,60}? (?:alloc|request|need|requir|size|get) [^\d]{0,24}? SIZE`,
].map((source) =>
  compile(source.replace("SIZE", String.raw`(?:{size:requestedBytes}|{whole:_plain}(?![\d,.a-z]))`), "dgi"),
);
/** Smaller numbers count other things than bytes. */
const LEAST = 4096;
/** Words after it that tell that the program went on. */
const GOES_ON = /^.{0,80}?(?:retry|fallback|fallingback|usinginstead|willuse|ignored)/i;
/** Words near a request that tell of a card and not of main memory. */
const CARD = /\b(?:gpu|cuda|hip|rocm|vulkan|metal|vram|hbm|npu|tpu|xpu|device)\b/i;

const WORDS = compile(
  String.raw`(?: out of memory | not enough memory | insufficient memory | cannot allocate memory
    | memory allocation (?:error|failed|failure) | memory (?:limit|budget|quota) exceeded
    | exceed(?:ed|s|ing) (?:the|its)? (?:allowed)? memory (?:limit|quota|budget) )`,
  "dgi",
);
/** What stands before such words in a line that reports a failure; the last is the name of a program. */
const FAILURES =
  "error fatal panic exception crash abort alert crit emerg fail killed reason terminat can't cannot unable".split(
    " ",
  );
const FAILURE = new RegExp(
  String.raw`(?:${FAILURES.join("|").replace("fail", String.raw`\bfail`)})[^\n]{0,140}$|^\s*[\w./-]{2,40}(?:\[\d+\])?:\s*$`,
  "i",
);
/** What stands before them where they are one example of several, or the text of a constant in a table of source code. */
const EXAMPLE =
  /\b(?:such as|like|e\.?g\.?|for example|including|namely|or)[,:]?\s*$|^\s*[A-Z][A-Z\d_ -]*[:=]\s*["'`]$/;
/** What follows them where they begin the line. */
const ABORTS = /^[:,;-]+(?:abort|exit|giv(?:e|ing)up|terminat|stopp)/i;
/** How the words may end, as gates compare it: as `endsAlone`, TAIL and ABORTS read it. */
const ENDS = [...ENDS_ALONE, ..."! ( [ on in at for".split(" ")];
const ABORTING = [":", ",", ";", "-"].flatMap((mark) =>
  "abort exit giv terminat stopp".split(" ").map((word) => `${mark}${word}`),
);
const ASKING = [...ENDS_ALONE.slice(1), ..."! ( [ : , ; - alloc try while when".split(" ")];
const PIECE = 14;

/** Needles that are pieces of words; what follows the words is one of `ends`. */
function needleOf(words: string, ends: readonly string[]): Needle {
  const rest = words.slice(PIECE).replaceAll(" ", "");
  return { text: words.slice(0, PIECE).trimEnd(), then: ends.map((end) => `${rest}${end}`) };
}

function hintNeedles(words: string, context?: string): Needle[] {
  return [
    { ...needleOf(words, ENDS), near: context === undefined ? [...FAILURES, ":"] : [context] },
    { ...needleOf(words, ABORTING), ...(context === undefined ? {} : { near: [context] }) },
  ];
}
const TAIL =
  /^[.!]?["'`]?(?:[([][^\n\])]{0,80}[\])]|(?:on|in|at|for)(?=[^\n]{0,60}[\d_:/'#])[\w:'"./,#<>_()-]{1,80})[.]?["'`]?$/;

const KILLED = compile(
  String.raw`(?: (?:exit|return)\w{0,3} (?:with)? (?:an?)? (?:error|return|exit|non-?zero)? (?:exit)? (?:code|status|value)s? [:=(]* (?:137|-9|Negsignal\.SIGKILL) \)?
    | signal [=:]? -?9 [:,(]? (?:signal_name=)? "? \(?SIGKILL\)? "? )`,
  "dgi",
);
const TOLD = /^(?:--|[.,:;]?(?:source|pid|killed|execution))/i;

/** What programs say that have no grammar of their own: a hint, with the request if they state one. */
export const general: Grammar = {
  name: "program",
  general: true,
  needles: [
    ...["failed to ", "failure to ", "unable to "].flatMap((failed) =>
      ["alloc", "realloc", "malloc", "calloc"].map((verb): Needle => ({
        text: `${failed}${verb}`,
        number: "afterWords",
      })),
    ),
    ...["cannot allocate", "can't allocate", "can not allocate", "error allocating", "or reallocating"].map(
      (text): Needle => ({ text, number: "afterWords" }),
    ),
    ...["not allocate", "n't allocate"].map((text): Needle => ({
      text,
      near: ["could"],
      number: "afterWords",
    })),
    { text: "llocation of", then: ["$", "#"] },
    { text: "mmap, size" },
    { text: "mach_vm_map", then: ["("] },
    ...["out of memory", "not enough memory", "insufficient memory"].map((words): Needle => ({
      ...needleOf(words, ASKING),
      number: "onLine",
    })),
    ...[
      "out of memory",
      "not enough memory",
      "insufficient memory",
      "cannot allocate memory",
      "memory allocation error",
      "memory allocation failed",
      "memory allocation failure",
    ].flatMap((words) => hintNeedles(words)),
    ...["limit", "quota", "budget"].flatMap((word) => [
      ...hintNeedles(`memory ${word}`, "exceed"),
      ...hintNeedles(`${word} exceeded`, "memory"),
    ]),
  ],
  read(place) {
    const { view } = place;
    for (const pattern of REQUESTS) {
      const match = around(place, pattern, 120, 200);
      const draft = match === undefined ? undefined : request(view, match);
      if (draft !== undefined) return draft;
    }
    const words = around(place, WORDS, 40, 120);
    return words === undefined ? undefined : hint(view, words);
  },
};

function request(view: View, match: RegExpExecArray): Draft | undefined {
  // Words of two lines are two sentences.
  for (let at = match.index + 1; at < match.index + match[0].length; at += 1)
    if (view.isLineStart(at)) return undefined;
  const draft = likely(view, match, "program");
  const plain = match.groups?._plain;
  const at = match.indices?.groups?._plain;
  if (plain !== undefined && at !== undefined)
    draft.set("requestedBytes", exact(Number(plain.replaceAll(",", ""))), at);
  if ((draft.bytes("requestedBytes") ?? 0) < LEAST) return undefined;
  if (GOES_ON.test(view.text.slice(draft.end, draft.end + 100))) return undefined;
  const isCard = CARD.test(view.rawLine(match.index).text);
  if (!isCard) draft.details.onHost = true;
  draft.finding = isCard
    ? ["card-full", "A program asked a card for {requested} and did not get them."]
    : ["host-memory", "A program asked for {requested} of main memory and did not get them."];
  return draft;
}

function hint(view: View, match: RegExpExecArray): Draft | undefined {
  const { before, text } = view.rawLine(match.index);
  const end = match.index + match[0].length;
  const closes = FAILURE.test(before) && (endsAlone(view, end) || hasTail(view, end));
  if (EXAMPLE.test(before)) return undefined;
  if (!closes && !(view.isLineStart(match.index) && ABORTS.test(view.text.slice(end, end + 60))))
    return undefined;
  const draft = likely(view, match, "program");
  const isCard = CARD.test(text);
  if (!isCard) draft.details.onHost = true;
  draft.finding = /limit|budget|quota/i.test(match[0])
    ? ["own-limit", "A program met a memory limit of its own or of its container; the text states no figure."]
    : isCard
      ? ["card-full", "A program got no more memory of a card; the text states no figure."]
      : ["host-memory", "A program got no more main memory; the text states no figure."];
  return draft;
}

/** Whether only an identifier in brackets stands between the words and the end of their line. */
function hasTail(view: View, end: number): boolean {
  for (let to = end; to < end + 100; to += 1)
    if (view.isLineStart(to)) return TAIL.test(view.text.slice(end, to));
  return false;
}

/** A process that ended with signal 9, in words that the list of launchers does not have. */
export const generalKill: Grammar = {
  name: "process",
  general: true,
  needles: [
    ...["exit code", "exit status", "return code", "with status", "with code", "exit value"].map((text) => ({
      text,
      then: ["137", ":137", "=137", "(137", "-9", ":-9", "(-9"],
    })),
    { text: "negsignal.sigki", then: ["ll"] },
    { text: "signal=-9", then: [":"] },
    { text: "signal 9", then: ["(sigkill"] },
  ],
  read(place) {
    const { view } = place;
    const match = around(place, KILLED, 100, 60);
    if (match === undefined) return undefined;
    const end = match.index + match[0].length;
    if (!endsAlone(view, end) && !TOLD.test(view.text.slice(end, end + 20))) return undefined;
    const draft = likely(view, match, "process");
    // A manager repeats the exit code in its summary.
    while (findIn(view, KILLED, draft.end, draft.end + 900) !== undefined) draft.seek(KILLED, 900);
    draft.finding = [
      "killed",
      "A process was killed with signal 9 (exit code 137 is 128 + 9); the kernel's OOM killer, or a memory limit of the job or container, is the usual cause.",
    ];
    return draft;
  },
};

function likely(view: View, match: RegExpExecArray, framework: string): Draft {
  const draft = new Draft(view, framework, match);
  draft.certainty = "likely";
  return draft;
}

export const program: Framework = {
  name: "program",
  title: "A program",
  memory: "device",
  advice: [
    {
      for: ["card-full"],
      do: "Give the card less at once, and see what else is on it",
      paste: "nvidia-smi",
    },
    {
      for: ["host-memory", "own-limit"],
      do: "See how much was free, and whether a limit of the process or its container was met",
      paste: "free -h; ulimit -v; cat /sys/fs/cgroup/memory.max",
    },
    { for: ["own-limit"], do: "Raise the limit that the text names, or do less at once" },
    {
      for: ["host-memory"],
      do: "If memory was free, look for a size that is computed wrongly, and for limits that count otherwise",
      paste: "sysctl vm.max_map_count vm.overcommit_memory",
    },
    { for: ["host-memory"], ...LOOK_FOR_THE_KILLER },
  ],
};
