/** Bytes around a report that show what kind of text it stands in. */
export const TEXT_BEFORE = 6 << 10;
export const TEXT_AFTER = 3 << 10;

/** Structure of a document. Single words in backticks are none: PyTorch's own messages have them. */
const MAY_BE_DOCUMENT = /<\/?(?:p|pre|code|span|h\d)\b|^#{1,6} \S|^ {0,3}(?:```|~~~)|::\s*$|^\.\. /m;
const MAY_BE_SOURCE = /`\s*$|"""|'''/m;

/** Markup of Markdown, reStructuredText and HTML, once each time that it occurs. */
const MARKUP =
  /^#{1,6} \S|^ {0,3}(?:```|~~~)|\]\(|`{1,2}[\w.$()<>=/ -]{1,60}`{1,2}|^\.\. |::\s*$|^[=~^*+-]{4,}\s*$|<\/?(?:p|pre|code|span|h\d|li|ul|div|a|td|tr|em|strong)\b|^---\s*$|^!!!|^:::|^> /gm;
/** Words with which documentation speaks to its reader or about what a program does. */
const MANNER =
  /\b(?:you|your|for example|for instance|e\.g\.|such as|see|can|may|might|should|must|will|use|set|default|option|following|returns?|specif\w+|note|allows?|used|if|when|which)\b/gi;
/** Words of a person whose program died. */
const PERSON =
  /\b(?:I|I'm|I've|I'd|[Mm]y|me)\b|\bWe (?:see|get|hit|use|run)\b|\b[Ww]e(?:'ve| have)? (?:also )?(?:ran|saw|got|tried|observed|noticed|encountered)\b|\b[Ww]e(?:'re| are) (?:running|seeing|getting|hitting|trying)\b|\b(?:crashe[sd] (?:after|with|on|when)|(?:after|since) (?:upgrading|updating)|any (?:idea|help)|thanks|please help)\b/;
/** The headings of the forms that projects ask to fill in, and the fields of a notebook's output. */
const FORM =
  /\b(?:describe the bug|bug report|reproduc\w*|expected behaviou?r|actual behaviou?r|what happened|your current environment|relevant log|log output|additional context|screenshots?)\b|"output_type"|"traceback"|^#{1,4} (?:bug|issue|environment|version|expected|actual|logs?|steps|summary|system info|context|error)\b|^- \[[ x]\]|<details>/im;
/** Headings, whose questions speak for the reader. */
const HEADINGS = /^#{1,6} .*\?\s*$|<h\d[^>]*>[^<]*\?<\/h\d>/gm;
const TAG = /<[^<>]*>/g;
/** A statement of a program's source. */
const STATEMENT =
  /^\s*(?:import\s.+from\s|import \w[\w.]*\s*$|from [\w.]+ import |(?:export )?(?:const|let|var) [\w{[].*=|(?:export )?(?:async )?function[ *]|(?:async )?def \w+\(|class \w+.*[:{]\s*$|(?:pub )?fn \w+|func \w*\(|(?:describe|it|test)(?:\.\w+)?\(|#include\s|package \w+;?\s*$|@\w+\(|assert\w*[ (]|expect\()/gm;
/** A string of several lines that begins here. */
const OPENS_STRING = /(?:[=(,:+[]|return|\b[rfbu]|String\.raw|\w)\s*(`|"""|''')(?=\\?\s*(?:\n|$)|[^`'"]*$)/;

/**
 * Whether a report stands in documentation or in a string of a program's source, and was not printed by the
 * program that died. A posted bug report is Markdown too, with its log in a code block: words of a person
 * whose program died, or the headings of a form, make it a report. So does doubt.
 */
export function isInDocument(before: string, after: string): boolean {
  if (MAY_BE_SOURCE.test(before) && isInString(before)) return true;
  if (!MAY_BE_DOCUMENT.test(before)) return false;
  // Strings of JSON hold their line ends as signs.
  const lead = before.replaceAll("\\n", "\n");
  const text = `${lead}\n${after.replaceAll("\\n", "\n")}`.replaceAll(HEADINGS, "");
  if (FORM.test(text) || PERSON.test(text.replaceAll(TAG, " "))) return false;
  return (
    count(text, MARKUP) >= 4 &&
    sentences(text) >= 4 &&
    count(text, MANNER) >= 6 &&
    // A log holds more lines of a program than lines of prose.
    sentences(lead.slice(-2048)) >= 2
  );
}

function isInString(before: string): boolean {
  if (count(before, STATEMENT) < 2) return false;
  const mark = /[^`]*$/.exec(before)?.index ?? 0;
  const opener = before.slice(Math.max(0, before.lastIndexOf("\n", mark - 1)), mark);
  if (
    mark > 0 &&
    !before.slice(0, mark).endsWith("```") &&
    OPENS_STRING.test(opener) &&
    odd(before, /(?<!`)`(?!`)/g)
  )
    return true;
  return odd(before, /"""/g) || odd(before, /'''/g);
}

/** Lines of prose: several words, most of them plain and in lower case. */
function sentences(text: string): number {
  let found = 0;
  for (const line of text.split("\n")) {
    const words = line.replaceAll(TAG, " ").trim().split(/\s+/);
    if (words.length < 6) continue;
    const plain = words.filter((word) => /^[("`]?[a-z][a-z'’-]*[`.,;:)"]*$/.test(word)).length;
    if (plain >= 5 && plain >= 0.6 * words.length) found += 1;
  }
  return found;
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

function odd(text: string, pattern: RegExp): boolean {
  return count(text, pattern) % 2 === 1;
}
