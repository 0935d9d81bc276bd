import type { OpenSnapshot } from "../../measure/snapshot/parse.js";
import { EdgeFinder } from "./edges.js";

/** Which script, and which function, the code of a closure or of a scope stands in. */
export class CodePlaces {
  readonly #graph: OpenSnapshot;
  readonly #edges: EdgeFinder;
  /** One closure of each scope; scopes have no name of their own. */
  readonly #closureIn = new Map<number, number>();
  readonly #closure: number;
  readonly #classScripts = new Map<string, string | undefined>();
  readonly #constructors = new Map<number, number>();

  constructor(graph: OpenSnapshot) {
    this.#graph = graph;
    this.#edges = new EdgeFinder(graph);
    this.#closure = graph.meta.nodeTypes.indexOf("closure");
    for (let node = 0; node < graph.meta.nodeCount; node++) {
      if (graph.nodeType[node] !== this.#closure) continue;
      const name = graph.nodeName[node] as number;
      if (!this.#constructors.has(name)) this.#constructors.set(name, node);
      const scope = this.#edges.to(node, "internal", "context");
      if (scope !== undefined && !this.#closureIn.has(scope)) this.#closureIn.set(scope, node);
    }
    // A scope without a function of its own has those of the scopes in it.
    for (const [inner, closure] of [...this.#closureIn]) {
      let scope = this.#edges.to(inner, "internal", "previous");
      while (scope !== undefined && this.isScope(scope) && !this.#closureIn.has(scope)) {
        this.#closureIn.set(scope, closure);
        scope = this.#edges.to(scope, "internal", "previous");
      }
    }
  }

  /** The script of the function that has the name of a class; undefined for what is built into V8. */
  classScript(name: string): string | undefined {
    if (this.#classScripts.size === 0) {
      for (const [text, node] of this.#constructors)
        this.#classScripts.set(this.#graph.strings.at(text), this.script(node));
    }
    return this.#classScripts.get(name);
  }

  isClosure(node: number): boolean {
    return this.#graph.nodeType[node] === this.#closure;
  }

  isScope(node: number): boolean {
    return this.#name(node).startsWith("system / Context");
  }

  /** The script of a closure, of a scope or of a module, as V8 names it; undefined where V8 has none. */
  script(node: number): string | undefined {
    if (this.isScope(node)) {
      const closure = this.#closureIn.get(node);
      return closure === undefined ? undefined : this.script(closure);
    }
    const shared =
      this.#edges.to(node, "internal", "shared") ?? this.#edges.to(node, "internal", "code") ?? node;
    for (const name of ["script", "script_or_debug_info"]) {
      const script = this.#edges.to(shared, "internal", name);
      if (script === undefined) continue;
      // Newer versions of V8 put their own name of the kind before it.
      const text = this.#name(script).replace(/^system \/ Script \/ /, "");
      if (text !== "" && !text.startsWith("system / ")) return text;
    }
    return undefined;
  }

  /** Whether the scope is the outermost one of its script or module. */
  isOutermost(scope: number): boolean {
    const outer = this.#edges.to(scope, "internal", "previous");
    if (outer === undefined) return true;
    const name = this.#name(outer);
    return name.startsWith("system / NativeContext") || name.startsWith("system / ScriptContext");
  }

  line(closure: number): number | undefined {
    return this.#graph.lines?.get(closure);
  }

  #name(node: number): string {
    return this.#graph.strings.at(this.#graph.nodeName[node] as number);
  }
}

/** Whether a script belongs to Node itself, Electron, or the browser. */
export function isOwnCode(script: string): boolean {
  return /^(node:|electron\/|chrome-extension:|internal\/|ext:|native )/.test(script);
}

/** The last part of a path or of an address, which a reader recognises. */
export function shortScript(script: string): string {
  if (isOwnCode(script)) return script;
  const path = script.replace(/[?#].*$/s, "").replace(/[/\\]+$/, "");
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1) || script;
}
