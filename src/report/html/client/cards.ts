import { page } from "./dom.js";

/** Tells every cell the heading of its column: a phone shows each row as a card with named values, and cuts off no column. */
export function startCards(): void {
  for (const table of page.document.querySelectorAll("table")) {
    const headings = [...table.querySelectorAll("thead th")].map((heading) => heading.textContent ?? "");
    for (const row of table.querySelectorAll("tbody tr"))
      Array.from(row.children).forEach((cell, place) => {
        cell.dataset.h = headings[place] ?? "";
      });
    table.className = "cards";
  }
}
