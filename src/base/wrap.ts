/** Breaks a text into lines of at most `width` characters, at blanks where there are any. */
export function wrapped(text: string, width: number, indent = "", first = indent): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    let rest = word;
    if (!isEmpty && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    // A path or a name may be longer than a line.
    while (isEmpty && line.length + rest.length > width && width > line.length) {
      lines.push(line + rest.slice(0, width - line.length));
      rest = rest.slice(width - line.length);
      line = indent;
    }
    line += isEmpty ? rest : ` ${rest}`;
    isEmpty = false;
  }
  if (!isEmpty) lines.push(line);
  return lines.join("\n");
}

/** Wraps each line that is wider than `width`; what follows its first line is indented two more. */
export function wrappedLines(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => {
      if (line.length <= width) return line;
      const indent = /^ */.exec(line)?.[0] ?? "";
      return wrapped(line, width, `${indent}${/^[!-] /.test(line.trimStart()) ? "  " : ""}`, indent);
    })
    .join("\n");
}
