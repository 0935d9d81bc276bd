/** Characters that TeX would execute, or print as another character in some font encoding. */
const SIGNS: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  _: "\\_",
  "%": "\\%",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "`": "\\textasciigrave{}",
  // After the end of a row or in an optional argument, these would be part of the command.
  "[": "{[}",
  "]": "{]}",
  "*": "{*}",
  "—": "\\textemdash{}",
  "–": "\\textendash{}",
  // A space at which no line break is allowed.
  "\u00a0": "~",
  "\u202f": "\\,",
  "\u2009": "\\,",
  "\u00ad": "\\-",
  "‐": "-",
  "‑": "\\mbox{-}",
  "−": "\\ensuremath{-}",
  "…": "\\ldots{}",
  "‘": "\\textquoteleft{}",
  "’": "'",
  "“": "\\textquotedblleft{}",
  "”": "\\textquotedblright{}",
  "×": "\\ensuremath{\\times}",
  "÷": "\\ensuremath{\\div}",
  "±": "\\ensuremath{\\pm}",
  "·": "\\ensuremath{\\cdot}",
  "°": "\\ensuremath{^\\circ}",
  "¬": "\\ensuremath{\\neg}",
  "≤": "\\ensuremath{\\leq}",
  "≥": "\\ensuremath{\\geq}",
  "≈": "\\ensuremath{\\approx}",
  "≠": "\\ensuremath{\\neq}",
  "∞": "\\ensuremath{\\infty}",
  "√": "\\ensuremath{\\surd}",
  "∑": "\\ensuremath{\\sum}",
  "→": "\\ensuremath{\\rightarrow}",
  "←": "\\ensuremath{\\leftarrow}",
  "¹": "\\textsuperscript{1}",
  "²": "\\textsuperscript{2}",
  "³": "\\textsuperscript{3}",
  "½": "\\ensuremath{1/2}",
  "¼": "\\ensuremath{1/4}",
  "§": "\\S{}",
  "¶": "\\P{}",
  "©": "\\copyright{}",
  "£": "\\pounds{}",
  ß: "\\ss{}",
  æ: "\\ae{}",
  Æ: "\\AE{}",
  œ: "\\oe{}",
  Œ: "\\OE{}",
  ø: "\\o{}",
  Ø: "\\O{}",
  ł: "\\l{}",
  Ł: "\\L{}",
  ı: "\\i{}",
  // Both the micro sign and the Greek letter.
  µ: "\\ensuremath{\\mu}",
};

const GREEK: Record<string, string> = Object.fromEntries(
  Object.entries({
    α: "alpha",
    β: "beta",
    γ: "gamma",
    δ: "delta",
    ε: "epsilon",
    ζ: "zeta",
    η: "eta",
    θ: "theta",
    ι: "iota",
    κ: "kappa",
    λ: "lambda",
    μ: "mu",
    ν: "nu",
    ξ: "xi",
    π: "pi",
    ρ: "rho",
    σ: "sigma",
    τ: "tau",
    φ: "phi",
    χ: "chi",
    ψ: "psi",
    ω: "omega",
    Γ: "Gamma",
    Δ: "Delta",
    Θ: "Theta",
    Λ: "Lambda",
    Σ: "Sigma",
    Φ: "Phi",
    Ψ: "Psi",
    Ω: "Omega",
  }).map(([letter, name]) => [letter, `\\ensuremath{\\${name}}`]),
);

/** Accents by their combining mark. Plain LaTeX has no ogonek. */
const ACCENTS: Record<string, string> = {
  "\u0300": "\\`",
  "\u0301": "\\'",
  "\u0302": "\\^",
  "\u0303": "\\~",
  "\u0304": "\\=",
  "\u0306": "\\u",
  "\u0307": "\\.",
  "\u0308": '\\"',
  "\u030a": "\\r",
  "\u030b": "\\H",
  "\u030c": "\\v",
  "\u0327": "\\c",
};

/**
 * Text that every LaTeX engine and font encoding prints as written. Characters that plain LaTeX has no font for
 * (other scripts, emoji, controls) become their code point, such as [U+1F600], so that the paper compiles.
 */
export function latexText(text: string): string {
  const line = text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ").replace(/\t/g, " ");
  // Where Unicode has one character for a letter with its accent, NFC makes it.
  const quoted = line
    .normalize("NFC")
    .replace(/(^|[\s([])"/g, "$1“")
    .replaceAll('"', "”");
  return (
    Array.from(quoted, latexCharacter)
      .join("")
      // Fonts would join these to one character.
      .replace(/-(?=-)|,(?=,)|'(?=')/g, "$&{}")
  );
}

function latexCharacter(character: string): string {
  const known = SIGNS[character] ?? GREEK[character];
  if (known !== undefined) return known;
  if (/^[ -~]$/.test(character)) return character;
  return accented(character) ?? codePoint(character);
}

function accented(character: string): string | undefined {
  const [letter, mark, ...more] = character.normalize("NFD");
  const accent = ACCENTS[mark ?? ""];
  if (letter === undefined || accent === undefined || more.length > 0 || !/^[A-Za-z]$/.test(letter))
    return undefined;
  // The dot of i and j is removed below an accent.
  const base = accent !== "\\c" && /^[ij]$/.test(letter) ? `\\${letter}` : letter;
  return `${accent}{${base}}`;
}

function codePoint(character: string): string {
  return `{[}U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}{]}`;
}

/** Text with Markdown's code marks, as in notes. Text between two marks is set in typewriter. */
export function latexNote(text: string): string {
  return text
    .split(/`([^`]*)`/)
    .map((part, index) => (index % 2 === 1 ? `\\texttt{${latexText(part)}}` : latexText(part)))
    .join("");
}

export function latexComment(text: string): string {
  // A form feed or a line separator would end the comment in some engines.
  return `% ${text.replace(/[^\x20-\x7e\u00a1-\u024f]+/g, " ").trim()}`;
}
