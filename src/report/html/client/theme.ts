import { page } from "./dom.js";

const KEY = "bytesper-theme";
const dark = page.matchMedia("(prefers-color-scheme: dark)");
const listeners: (() => void)[] = [];
let printing = false;

export function isDark(): boolean {
  if (printing) return false;
  const chosen = page.document.documentElement.dataset.theme;
  return chosen === undefined ? dark.matches : chosen === "dark";
}

export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

/** Uses the system's colours unless the reader chooses; the choice is stored if the browser allows it. */
export function startTheme(): void {
  const select = page.document.getElementById("theme");
  const root = page.document.documentElement;
  const apply = (choice: string): void => {
    if (choice === "") delete root.dataset.theme;
    else root.dataset.theme = choice;
    changed();
  };
  const kept = stored();
  if (select !== null) {
    select.value = kept;
    select.addEventListener("change", () => {
      try {
        page.localStorage.setItem(KEY, select.value);
      } catch {
        // Without storage the choice is forgotten.
      }
      apply(select.value);
    });
  }
  apply(kept);
  dark.addEventListener("change", changed);
  page.addEventListener("beforeprint", () => {
    print(true);
  });
  page.addEventListener("afterprint", () => {
    print(false);
  });
}

/** Prints in light colours and opens all folded parts, because a reader cannot open them on paper. */
function print(now: boolean): void {
  printing = now;
  if (now) for (const details of page.document.querySelectorAll("details")) details.open = true;
  changed();
}

function stored(): string {
  try {
    const kept = page.localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "";
  } catch {
    return "";
  }
}

function changed(): void {
  for (const listener of listeners) listener();
}
