import type { Element } from "./dom.js";
import { page } from "./dom.js";

const NEXT: Record<string, string> = { none: "ascending", ascending: "descending", descending: "none" };

/** Sorts a table by the buttons in its headings: up, down, and back to the order of the result. */
export function startSorting(): void {
  for (const table of page.document.querySelectorAll("table")) {
    const body = table.querySelector("tbody");
    if (body === null) continue;
    const original = Array.from(body.children);
    const headings = [...table.querySelectorAll("thead th")];
    headings.forEach((heading, column) => {
      heading.querySelector("button.sort")?.addEventListener("click", () => {
        const order = NEXT[heading.getAttribute("aria-sort") ?? "none"] ?? "ascending";
        for (const other of headings) other.setAttribute("aria-sort", other === heading ? order : "none");
        body.replaceChildren(...sorted(original, column, order));
      });
    });
  }
}

function sorted(rows: readonly Element[], column: number, order: string): Element[] {
  if (order === "none") return [...rows];
  const sign = order === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => ({ row, cell: row.children[column] }));
  return keyed.sort((a, b) => compare(a.cell, b.cell, sign)).map(({ row }) => row);
}

/** Cells without a value come last in both orders. */
function compare(a: Element | undefined, b: Element | undefined, sign: number): number {
  const [first, second] = [keyOf(a), keyOf(b)];
  if (first === undefined || second === undefined)
    return Number(first === undefined) - Number(second === undefined);
  if (typeof first === "number" && typeof second === "number") return sign * (first - second);
  return sign * String(first).localeCompare(String(second), "en", { numeric: true });
}

function keyOf(cell: Element | undefined): number | string | undefined {
  if (cell === undefined) return undefined;
  const key = cell.dataset.v;
  if (key === undefined) return cell.textContent ?? "";
  return key === "" ? undefined : Number(key);
}
