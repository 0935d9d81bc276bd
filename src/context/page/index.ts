export { simulationAnswer, simulationTables } from "./simulation-tables.js";
