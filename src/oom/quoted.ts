import { largestOf } from "../base/stats/extremes.js";
import type { Draft } from "./draft.js";

/** Words of a program's source that stand before a string: statements, declarations, calls that print. */
const CODE_WORD =
  /(?:^|[\s({;,=>@.])(?:raise|throw|except|catch|assert\w*|expect|return|yield|case|elif|const|let|var|static|define|import|import_string|if|match(?:es)?|startsWith|startswith|includes|contains|endswith|search|printf?|println|fprintf|puts|echo|(?:format|panic|Errorf|Fatalf?|Sprintf)(?=!?\s*\()|toMatch|toThrow\w*|toContain|(?:self|this|console|log|logger|logging|LOG|LOGGER|tracing|warnings)\.\w+)\b[^"'`/]*[("'`/[]/;
const ASSIGNED =
  /^\s*(?:[\w.[\]<>*&:]+\s+){0,3}[\w.[\]]+(?:\s*:\s*[\w.[\]<>]+)?\s+(?:=|:=|=>|==|\+=|!=)\s+\[?\s*[rfbuL]{0,2}["'`/]/;
/** A string alone on its line, as in a list or a message of several lines. */
const ALONE = /^\s*(?:[+-]\s+)?[[({]?\s*(?:["'][^"']*["']\s*,\s*)*[rfbuL]{0,2}["'`][^"'`]{0,120}$/;
const ALONE_END = /["'`]\s*(?:[,;)\]}\\+]+|when|\.|%|in)?\s*(?:\/\/.*|#.*)?$/;
/** What printf fills in. */
const PLACEHOLDER = /^[^"]*%(?:#?[-+0]?\d*(?:\.\d+)?(?:hh?|ll?|z|j)?[duxX]|l?[sp])\b/;
/** An answer of a server that is a string of JSON, as curl prints it. */
const ANSWER = /^\s*"[^"]*"\s*$/;
const COMMENT = /^\s*(?:\/\/+|\/\*+|\*|#+(?!\s*\[)|--|<!--|;;+|%|"""|\.\.)\s*\S/;
/** Words of a log line that tells of a failure, and may quote its message. */
const FAILED = /\b(?:ERROR|FATAL|CRITICAL|[Ff]ailed|[Ff]ailure|[\w.]+(?:Error|Exception):)/;
/** Words of sentences; several of them before a message make it a sentence about the message. */
const SENTENCE =
  /\b(?:the|a|an|is|are|was|when|if|whether|it|has|have|been|you|your|this|that|which|because|how|to|of|with|may|can|will|see|see:|get|gets|raises?|throws?|prints?|fails?|errors? like)\b/gi;

/**
 * Whether source code, a change log or an article names a message, and no program printed it. Only the line of
 * the message is looked at. A message with figures stands in a sentence when somebody posts it, so for those
 * only code counts.
 */
export function isQuoted(draft: Draft): boolean {
  const { view, start, end } = draft;
  const { text, before } = view.rawLine(start);
  if (inCode(before, text) && !(draft.figures.size > 0 && ANSWER.test(text))) return true;
  if (draft.figures.size > 1 || (draft.figures.size > 0 && draft.certainty === "certain")) return false;
  const last = before.trimEnd();
  // An exception's class stands before its message, and is printed with it.
  const lead = last.replace(/(?:[\w.$]*(?:Error|Exception)[\w.]*(?:\[[^\]]*\])?[:(]?\s*)?$/, "").trimEnd();
  const opened = /[“"'`‘(*]$/.test(lead) && (/[“‘(*]$/.test(lead) || opensString(lead));
  const outside = opened ? lead.slice(0, -1).trimEnd() : lead;
  const words = outside.match(SENTENCE)?.length ?? 0;
  if (COMMENT.test(before) && /[a-z]{2,}\s+[a-z]{2,}/i.test(outside)) return true;
  // A quotation after a word, and not after a mark that introduces a field or an exception.
  const clause = outside.slice(outside.search(/[^:={[,]*$/));
  if (opened && /[A-Za-z]$/.test(clause) && /\s/.test(outside) && !FAILED.test(outside)) return true;
  // The words of a failure that lead to their reason are no sentence about it.
  if (words >= 3 && !(FAILED.test(outside) && /:$/.test(outside))) return true;
  // A sentence goes on behind the message.
  const rest = view.text.slice(end, end + 12);
  return opened && /^["'`”’*]?(?:is|are|was|means|error|errors|when|if|and|or)[a-z]/.test(rest);
}

function inCode(before: string, line: string): boolean {
  const rest = line.slice(before.length);
  if (!opensString(before)) return false;
  if (PLACEHOLDER.test(rest)) return true;
  if (/^\s*(?:\{|"[\w.-]+"\s*:)/.test(before)) return false;
  if (CODE_WORD.test(before)) return true;
  if (ASSIGNED.test(before)) return true;
  return ALONE.test(before) && ALONE_END.test(rest);
}

/** Whether a string or a regular expression is open at the end of a text, with not much in it. */
function opensString(before: string): boolean {
  const at = largestOf(['"', "'", "`"].map((mark) => before.lastIndexOf(mark)));
  if (/[(=,:]\s*\/[^/]{0,80}$/.test(before)) return true;
  if (at === -1 || before.length - at > 200) return false;
  const mark = before.charAt(at);
  // Apostrophes within words open nothing.
  const marks = [...before.matchAll(/["'`]/g)].filter(
    ({ 0: each, index }) =>
      each === mark && !(mark === "'" && /\w'\w/.test(before.slice(index - 1, index + 2))),
  );
  return marks.length % 2 === 1;
}
