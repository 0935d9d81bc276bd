export { simulationTables } from "./simulation-tables.js";
