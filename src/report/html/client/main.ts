import type { PageData } from "../page-data.js";
import { startCards } from "./cards.js";
import { startChart } from "./chart.js";
import { page } from "./dom.js";
import { startSaving } from "./save.js";
import { startSorting } from "./sort.js";
import { startTheme } from "./theme.js";
import { startMeasuring } from "./view.js";

const data = JSON.parse(page.document.getElementById("data")?.textContent ?? "") as PageData;
startMeasuring();
startTheme();
startSorting();
startCards();
startSaving(data);
for (const plot of page.document.querySelectorAll(".plot")) {
  const figure = data.figures[plot.dataset.figure ?? ""];
  if (figure !== undefined) startChart(plot, figure);
}
