import { csvText } from "../csv-file.js";
import type { PageData } from "../page-data.js";
import { page } from "./dom.js";

/** Makes each file when the reader asks for it, from the data in the page. */
export function startSaving(data: PageData): void {
  for (const button of page.document.querySelectorAll("button.download")) {
    button.addEventListener("click", () => {
      const id = button.dataset.file ?? "";
      const file = data.files[id];
      const whole = data.results[id];
      if (file !== undefined) save(file.name, csvText(file), "text/csv");
      else if (whole !== undefined)
        save(whole.name, `${JSON.stringify(whole.result, null, 2)}\n`, "application/json");
    });
  }
}

function save(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = page.document.createElement("a");
  link.href = url;
  link.download = name.replace(/[^\w.-]+/g, "-");
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 10_000);
}
