import type { OpenSnapshot } from "../../measure/snapshot/parse.js";
import type { Classes } from "./classes.js";
import type { CodePlaces } from "./code.js";
import { isOwnCode, shortScript } from "./code.js";
import { EdgeFinder } from "./edges.js";
import type { Ways } from "./ways.js";
import { beforeOn, NO_EDGE } from "./ways.js";

/** What holds an object, in names of the program. */
export interface Path {
  /** The variable, export, static property or global object where the way begins: "`rooms` in server.js". */
  anchor: string;
  /** From the anchor down to the object: "Map entry", ".messages", "[*]". */
  steps: string[];
  /** A function of the user's own code on the way, where the anchor is in Node's or the browser's. */
  through?: string;
}

/** Steps that are shown; of a longer way, the middle is left out. */
const MOST_STEPS = 7;
const MOST_WALK = 10_000;
/** An object with more properties is used as a table, and the names are its keys. */
const MOST_FIELDS = 64;

/** Where timers, immediates and listeners of event targets have their function. */
const CALLED = ["_onTimeout", "_onImmediate", "callback", "listener"];

/** Tells who holds a node. A place in a list is `[*]` unless `exact`. */
export class PathFinder {
  readonly #graph: OpenSnapshot;
  readonly #classes: Classes;
  readonly #ways: Ways;
  readonly #code: CodePlaces;
  readonly #edges: EdgeFinder;
  readonly #globals = new Set<number>();

  constructor(graph: OpenSnapshot, classes: Classes, ways: Ways, code: CodePlaces) {
    this.#graph = graph;
    this.#classes = classes;
    this.#ways = ways;
    this.#code = code;
    this.#edges = new EdgeFinder(graph);
    const end = graph.firstEdge[1] as number;
    for (let edge = 0; edge < end; edge++)
      if (this.#edgeType(edge) === "shortcut") this.#globals.add(graph.edge(edge).to);
  }

  of(from: number, exact = false): Path {
    const steps: string[] = [];
    let through = this.#calledBy(from);
    let ofContext = false;
    const end = (anchor: string): Path => {
      const shown = collapsed(steps.reverse());
      return { anchor, steps: shown, ...(through === undefined ? {} : { through }) };
    };
    for (let node = from, walked = 0; walked < MOST_WALK; walked++) {
      const edge = this.#ways[node] as number;
      if (edge === NO_EDGE) return end("weak references only");
      if (node === 0) return end("the root");
      const parent = beforeOn(this.#ways, this.#graph, node);
      const type = this.#edgeType(edge);
      ofContext ||= CONTEXTS.has(this.#className(node));
      if (parent === 0 || this.#nodeType(parent) === "synthetic")
        return end(ofContext ? CONTEXT_OF_CALL : this.#root(parent === 0 ? node : parent));
      if (type === "context") {
        const variable = `\`${this.#edgeName(edge)}\``;
        const script = this.#code.script(parent);
        if (script !== undefined && (this.#code.isOutermost(parent) || isOwnCode(script)))
          return end(`${variable} in ${shortScript(script)}`);
        steps.push(`variable ${variable}`);
      } else if (this.#code.isClosure(parent)) {
        if (type === "property") {
          const script = this.#code.script(parent);
          const name = this.#className(parent).replace(/^function /, "");
          const owner = name === "(closure)" ? "a function" : name;
          if (this.#edgeName(edge) !== "prototype")
            return end(
              `\`${owner}.${this.#edgeName(edge)}\`${script === undefined ? "" : ` in ${shortScript(script)}`}`,
            );
        } else if (type === "internal" && this.#edgeName(edge) === "context") {
          const text = this.functionText(parent);
          const script = this.#code.script(parent);
          if (script !== undefined && !isOwnCode(script)) through ??= text;
          steps.push(text);
        }
      } else if (type === "property") {
        const name = this.#edgeName(edge);
        if (this.#globals.has(parent) || /^(global|Window)\b/.test(this.#rawName(parent)))
          return end(`\`globalThis.${name}\``);
        const file =
          this.#rawName(parent) === "Module" && name === "exports" ? this.#fileOf(parent) : undefined;
        if (file !== undefined) {
          const inner = steps.at(-1)?.startsWith(".") === true ? steps.pop() : "";
          return end(`\`exports${inner ?? ""}\` in ${file}`);
        }
        steps.push(this.#property(parent, node, name, exact));
      } else if (type === "element") {
        steps.push(exact ? `[${this.#graph.edge(edge).name}]` : "[*]");
      } else {
        const owner = this.#ownerOfTable(parent);
        if (owner !== undefined) steps.push(this.#entry(parent, edge, this.#rawName(owner), exact));
        else {
          const exported = this.#exported(parent, node);
          if (exported !== undefined) return end(exported);
          const name = this.#className(parent);
          if (this.#nodeType(parent) === "native" && name !== "(system)") steps.push(name);
        }
      }
      node = parent;
    }
    return end("a very long list");
  }

  /** The user's function that a timer or a listener of Node calls. */
  #calledBy(node: number): string | undefined {
    for (const name of CALLED) {
      const called = this.#edges.to(node, "property", name);
      if (called === undefined || !this.#code.isClosure(called)) continue;
      const script = this.#code.script(called);
      if (script !== undefined && !isOwnCode(script)) return this.functionText(called);
    }
    return undefined;
  }

  #property(owner: number, value: number, name: string, exact: boolean): string {
    if (name === "_idleNext" || name === "_idlePrev") return "list of timers";
    if (this.#className(owner) === this.#className(value) && /^_?(next|prev|previous|tail|head)$/i.test(name))
      return `list of ${this.#className(owner)}`;
    const count = (this.#graph.firstEdge[owner + 1] as number) - (this.#graph.firstEdge[owner] as number);
    // An instance of a class, such as `process`, may have many fields.
    const isPlain = /^(Object$|\{|\()/.test(this.#className(owner));
    const isTable = isPlain && count > MOST_FIELDS && !name.startsWith("<symbol");
    if (!isTable && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return `.${name}`;
    if (name.startsWith("<symbol")) return `[${name.slice(1, -1)}]`;
    return exact ? `["${name.slice(0, 40)}"]` : "[*]";
  }

  /** A function by its name and where it stands. */
  functionText(closure: number): string {
    const script = this.#code.script(closure);
    const line = this.#code.line(closure);
    const name = this.#className(closure).replace(/^function |^\(closure\)$/, "");
    const where = script === undefined ? "" : `${shortScript(script)}${line === undefined ? "" : `:${line}`}`;
    const what = name === "" ? "function" : `${name}()`;
    return where === "" ? what : `${what} at ${where}`;
  }

  /** An entry of a Map or a Set; the key of a Map stands before its value. */
  #entry(table: number, edge: number, owner: string, exact: boolean): string {
    if (!exact || !owner.endsWith("Map")) return `${owner} entry`;
    const index = Number(this.#edgeName(edge));
    const { firstEdge } = this.#graph;
    for (let other = firstEdge[table] as number; other < (firstEdge[table + 1] as number); other++) {
      if (this.#edgeType(other) !== "internal" || Number(this.#edgeName(other)) !== index - 1) continue;
      const key = this.#graph.edge(other).to;
      if (this.#nodeType(key) === "string") return `Map entry "${this.#rawName(key).slice(0, 40)}"`;
    }
    return `${owner} entry`;
  }

  /** The Map or Set whose table this is. */
  #ownerOfTable(table: number): number | undefined {
    const edge = this.#ways[table] as number;
    if (edge >= NO_EDGE - 1 || this.#edgeType(edge) !== "internal" || this.#edgeName(edge) !== "table")
      return undefined;
    return beforeOn(this.#ways, this.#graph, table);
  }

  /** An export of an ES module: the module's table of exports has the name, then the cell of the variable. */
  #exported(cell: number, value: number): string | undefined {
    if (!this.#rawName(cell).startsWith("system / Cell") || value === cell) return undefined;
    const table = beforeOn(this.#ways, this.#graph, cell);
    const module = beforeOn(this.#ways, this.#graph, table);
    if (!this.#rawName(module).startsWith("system / SourceTextModule")) return undefined;
    const index = Number(this.#edgeName(this.#ways[cell] as number));
    const { firstEdge } = this.#graph;
    let name = "a variable";
    for (let edge = firstEdge[table] as number; edge < (firstEdge[table + 1] as number); edge++)
      if (this.#edgeType(edge) === "internal" && Number(this.#edgeName(edge)) === index - 1)
        name = `\`${this.#rawName(this.#graph.edge(edge).to)}\``;
    const script = this.#scriptOfModule(module);
    return `${name}${script === undefined ? "" : ` in ${shortScript(script)}`}`;
  }

  #scriptOfModule(module: number): string | undefined {
    const { firstEdge } = this.#graph;
    for (let edge = firstEdge[module] as number; edge < (firstEdge[module + 1] as number); edge++) {
      const to = this.#graph.edge(edge).to;
      const code = this.#edges.to(to, "internal", "function") ?? to;
      const script = this.#code.script(code);
      if (script !== undefined) return script;
    }
    return undefined;
  }

  #fileOf(module: number): string | undefined {
    const file = this.#edges.to(module, "property", "filename") ?? this.#edges.to(module, "property", "id");
    return file === undefined ? undefined : shortScript(this.#rawName(file));
  }

  #root(node: number): string {
    const name = this.#rawName(node).replace(/^\(|\)$/g, "");
    return ROOTS[name] ?? (name === "" ? "the root" : name);
  }

  #className(node: number): string {
    return this.#classes.names[this.#classes.of[node] as number] ?? "";
  }

  #rawName(node: number): string {
    return this.#graph.strings.at(this.#graph.nodeName[node] as number);
  }

  #nodeType(node: number): string {
    return this.#graph.meta.nodeTypes[this.#graph.nodeType[node] as number] ?? "";
  }

  #edgeType(edge: number): string {
    return this.#graph.meta.edgeTypes[this.#graph.edge(edge).type] ?? "";
  }

  /** Only for edges whose names are strings. */
  #edgeName(edge: number): string {
    const type = this.#edgeType(edge);
    const name = this.#graph.edge(edge).name;
    return type === "element" || type === "hidden" ? String(name) : this.#graph.strings.at(name);
  }
}

/** Node 24 and later keep what AsyncLocalStorage holds in an object that V8 has as a root while a call runs. */
const CONTEXTS = new Set(["AsyncContextFrame"]);
const CONTEXT_OF_CALL = "the asynchronous context of the caller (AsyncLocalStorage)";

const ROOTS: Record<string, string> = {
  "Stack roots": "code that is running (the stack)",
  "Handle scope": "native code that is running",
  "Global handles": "a handle of native code",
  "Traced handles": "the browser's own objects",
  "C++ Persistent roots": "the browser's or Node's own objects",
};

/** Equal steps that follow one another are a list, and a long way loses its middle. */
function collapsed(steps: readonly string[]): string[] {
  const single: string[] = [];
  for (const step of steps) {
    if (step === single.at(-1) || step === single.at(-2)) continue;
    single.push(step);
  }
  if (single.length <= MOST_STEPS) return single;
  return [...single.slice(0, 3), "...", ...single.slice(-3)];
}

export function pathText({ anchor, steps }: Path): string {
  return [anchor, ...steps].join(" > ");
}
