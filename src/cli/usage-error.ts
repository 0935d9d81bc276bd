import { suggestion } from "../base/nearest-name.js";

/**
 * What commander says of a wrong command line, as one sentence that also says what to do. Its own suggestions know
 * commands and options; the nearest of an option's choices is added here.
 */
export function usageSentence(said: string, command: string): string {
  const [first = "", ...others] = said
    .replace(/^error: /, "")
    .trimEnd()
    .split("\n");
  const help = `${command} --help`;
  const near = /\(Did you mean (?:one of )?(.+)\?\)/s.exec(others.join("\n"))?.[1];
  const nearest = near === undefined ? "" : `; the nearest is ${near.replace(/, /g, " or ")}`;
  const [, kind, name] = /^unknown (command|option) '([^']*)'/.exec(first) ?? [];
  if (kind !== undefined) return `${name ?? ""} is an unknown ${kind}${nearest}; ${help} lists them.`;
  const [, given = "", choices] =
    / argument '([^']*)' is invalid\. Allowed choices are (.+)\.$/.exec(first) ?? [];
  if (choices !== undefined)
    return sentence(`${first.slice(0, -1)}${suggestion(given, choices.split(", "))}`);
  const [, missing] = /^(required option '.*') not specified/.exec(first) ?? [];
  if (missing !== undefined) return `The ${missing} is missing; see ${help}.`;
  return sentence(/ missing$|^missing /.test(first) ? `${first}; see ${help}` : first);
}

function sentence(text: string): string {
  const whole = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(whole) ? whole : `${whole}.`;
}
