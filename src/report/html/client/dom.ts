/**
 * The part of the DOM that the page's script uses. TypeScript's own DOM library would declare `name`, `event`
 * and `status` as globals in the whole program, where using them is a mistake.
 */
export interface Element {
  id: string;
  textContent: string | null;
  innerHTML: string;
  className: string;
  tabIndex: number;
  hidden: boolean;
  open: boolean;
  value: string;
  readonly clientWidth: number;
  readonly isConnected: boolean;
  readonly dataset: Record<string, string | undefined>;
  readonly style: Record<string, string>;
  readonly children: ArrayLike<Element>;
  readonly parentElement: Element | null;
  append(...nodes: (Element | string)[]): void;
  before(node: Element): void;
  after(node: Element): void;
  replaceChildren(...nodes: Element[]): void;
  click(): void;
  getBoundingClientRect(): { left: number; top: number };
  remove(): void;
  closest(selector: string): Element | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
}

export interface Event {
  readonly key: string;
  readonly clientX: number;
  readonly clientY: number;
  readonly target: Element | null;
  preventDefault(): void;
}

interface Media {
  readonly matches: boolean;
  addEventListener(type: "change", listener: () => void): void;
}

interface Observer {
  observe(element: Element): void;
}

interface Page {
  document: Element & {
    documentElement: Element;
    body: Element;
    getElementById(id: string): Element | null;
    createElement(name: string): Element & { href: string; download: string; type: string };
  };
  matchMedia(query: string): Media;
  addEventListener(type: string, listener: () => void): void;
  localStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  ResizeObserver: new (callback: () => void) => Observer;
}

export const page = globalThis as unknown as Page;
