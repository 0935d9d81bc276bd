import type { Expression } from "./expression.js";
import { readingsOf } from "./expression.js";
import { nearestName } from "../../base/nearest-name.js";
import { errorAt, ruleError } from "./rule-error.js";
import type { Token } from "./tokens.js";
import { tokensOf } from "./tokens.js";
import type { Unit } from "./unit.js";
import { unitWord } from "./unit.js";

export type Comparison = ">" | ">=" | "<" | "<=";

export interface ParsedCondition {
  /** Has at least one reading; the right side may be a constant. */
  left: Expression;
  comparison: Comparison;
  right: Expression;
}

export type KnownReadings = ReadonlyMap<string, Unit>;

const TURNED: Record<Comparison, Comparison> = { ">": "<", ">=": "<=", "<": ">", "<=": ">=" };
const JOINING = new Set(["and", "or", "not", "&&", "||"]);

/**
 * Parses a condition such as `deviceReservedBytes > 0.9 * deviceTotalBytes`. Throws `BAD_INPUT` with the position.
 */
export function parseCondition(text: string, known: KnownReadings): ParsedCondition {
  const reader = new Reader(text, known);
  const left = reader.sum();
  const word = reader.take();
  if (!isComparison(word.text))
    throw reader.unexpected(word, "expected a comparison (>, >=, < or <=) between two sides");
  const right = reader.sum();
  reader.end();
  if (left.unit !== right.unit) throw wrongUnit(text, left, right);
  if (readingsOf(left).length > 0) return { left, comparison: word.text, right };
  if (readingsOf(right).length > 0) return { left: right, comparison: TURNED[word.text], right: left };
  throw ruleError(text, "compares two fixed numbers, so it would never change; name a reading in it");
}

/** Parses one side alone, such as a release bound of `18 GiB`. Throws `BAD_INPUT` with the position. */
export function parseExpression(text: string, known: KnownReadings): Expression {
  const reader = new Reader(text, known);
  const expression = reader.sum();
  reader.end();
  return expression;
}

function isComparison(text: string): text is Comparison {
  return Object.hasOwn(TURNED, text);
}

function wrongUnit(rule: string, left: Expression, right: Expression): Error {
  const hint =
    right.kind === "constant" && right.unit === "number" && left.unit !== "number"
      ? `; write a unit, such as ${right.text} ${left.unit === "bytes" ? "GiB" : "ms"}`
      : "";
  return errorAt(
    rule,
    right.at,
    right.text,
    `expected ${unitWord(left.unit)}, as "${left.text}" is, and this is ${unitWord(right.unit)}${hint}`,
  );
}

class Reader {
  readonly #text: string;
  readonly #known: KnownReadings;
  readonly #tokens: Token[];
  #next = 0;

  constructor(text: string, known: KnownReadings) {
    this.#text = text;
    this.#known = known;
    this.#tokens = tokensOf(text);
  }

  take(): Token {
    const token = this.#peek();
    if (token.kind !== "end") this.#next++;
    return token;
  }

  end(): void {
    const token = this.#peek();
    if (token.kind === "end") return;
    throw this.unexpected(token, "expected the end of the rule");
  }

  unexpected(token: Token, expected: string): Error {
    const hint = JOINING.has(token.text) ? "a rule is one comparison, so write a rule for each" : expected;
    return errorAt(this.#text, token.at, token.text, hint);
  }

  sum(): Expression {
    let left = this.#product();
    for (;;) {
      const operator = this.#peek().text;
      if (operator !== "+" && operator !== "-") return left;
      this.take();
      const right = this.#product();
      if (left.unit !== right.unit) {
        const done = operator === "+" ? "added to" : "taken from";
        throw errorAt(
          this.#text,
          right.at,
          right.text,
          `${unitWord(right.unit)} cannot be ${done} ${unitWord(left.unit)}`,
        );
      }
      left = this.#join(operator, left, right, left.unit);
    }
  }

  #product(): Expression {
    let left = this.#atom();
    for (;;) {
      const operator = this.#peek().text;
      if (operator !== "*" && operator !== "/") return left;
      this.take();
      const right = this.#atom();
      left = this.#join(operator, left, right, this.#unitOf(operator, left, right));
    }
  }

  #unitOf(operator: "*" | "/", left: Expression, right: Expression): Unit {
    if (right.unit === "number") {
      if (operator === "/" && right.kind === "constant" && right.value === 0)
        throw errorAt(this.#text, right.at, right.text, "nothing can be divided by 0");
      return left.unit;
    }
    if (operator === "*" && left.unit === "number") return right.unit;
    const problem =
      operator === "/"
        ? `expected a plain number to divide by, and this is ${unitWord(right.unit)}: rules have no division of units`
        : `${unitWord(left.unit)} cannot be multiplied by ${unitWord(right.unit)}`;
    throw errorAt(this.#text, right.at, right.text, problem);
  }

  #join(operator: "+" | "-" | "*" | "/", left: Expression, right: Expression, unit: Unit): Expression {
    const text = this.#text.slice(left.at, right.at + right.text.length);
    return { kind: "operation", operator, left, right, unit, at: left.at, text };
  }

  #atom(): Expression {
    const token = this.take();
    const { at, text } = token;
    if (token.kind === "number") return { kind: "constant", value: token.value, unit: token.unit, at, text };
    if (token.kind === "name" && !JOINING.has(text)) return this.#reading(at, text);
    if (text === "(") {
      const inner = this.sum();
      const close = this.take();
      if (close.text !== ")") throw this.unexpected(close, `expected the ")" of character ${at + 1}`);
      return { ...inner, at, text: this.#text.slice(at, close.at + 1) };
    }
    throw this.unexpected(token, "expected a number, a reading or (");
  }

  #reading(at: number, name: string): Expression {
    const unit = this.#known.get(name);
    if (unit !== undefined) return { kind: "reading", name, unit, at, text: name };
    const near = nearestName(name, this.#known.keys());
    const advice =
      near === undefined
        ? `the readings are ${[...this.#known.keys()].join(", ")}, and the program's own are declared under "numbers"`
        : `the nearest name is ${near}, and numbers of the program's own are declared under "numbers"`;
    throw errorAt(this.#text, at, name, `there is no reading of that name; ${advice}`);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", at: this.#text.length, text: "" };
  }
}
