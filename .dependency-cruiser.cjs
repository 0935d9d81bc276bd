/**
 * Imports in `src/` go down the rooms, never up; types count as well. docs/architecture.md says what a room holds.
 *
 * Rooms of one line stand side by side: the satellites know each other only through an index, the doors do not know
 * each other.
 */
const ROOMS = [
  ["base"],
  ["corpus"],
  ["system"],
  ["experiment"],
  ["device"],
  ["measure"],
  ["record"],
  ["analysis"],
  ["report"],
  ["runner"],
  ["model", "oom", "context", "guard", "writelog", "inspect"],
  ["vitest", "cli", "index\\.ts"],
];
const SATELLITES = ROOMS[10];
/** Rooms, and folders of rooms, that have a door: from outside, imports go to an `index.ts`. */
const WITH_INDEX = ["corpus", "device", "model", "oom", "context", "guard", "writelog", "inspect"];

const within = (rooms) => `^src/(${rooms.join("|")})(/|$)`;

const upwards = ROOMS.slice(0, -1).map((rooms, line) => ({
  name: `${rooms.join("-")}-imports-no-room-above`,
  comment: `A file of ${rooms.join(", ")} may import from its own room and from the rooms below it: ${ROOMS.slice(0, line).flat().join(", ") || "none"}.`,
  severity: "error",
  from: { path: within(rooms) },
  to: { path: within(ROOMS.slice(line + 1).flat()) },
}));

const throughIndex = WITH_INDEX.map((room) => ({
  name: `${room}-through-its-index`,
  comment: `From outside, ${room} is imported through an index.ts.`,
  severity: "error",
  from: { path: "^src/", pathNot: `^src/${room}/` },
  to: { path: `^src/${room}/`, pathNot: "/index\\.ts$" },
}));

module.exports = {
  forbidden: [
    ...upwards,
    ...throughIndex,
    ...SATELLITES.map((room) => ({
      name: `${room}-imports-satellites-by-index`,
      comment:
        "Satellites know each other only through an index.ts; oom and context know the formulas of model.",
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: within(SATELLITES.filter((other) => other !== room && other !== "model")) },
    })),
    {
      name: "doors-know-no-other-door",
      severity: "error",
      from: { path: "^src/(vitest|cli|index\\.ts)" },
      to: { path: "^src/(vitest|cli|index\\.ts)", pathNot: "^src/$1" },
    },
    {
      name: "no-unknown-room",
      comment: "A file of src/ stands in a room; a new room gets its line in this file.",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: within(ROOMS.flat()) },
    },
    {
      name: "no-cycle-of-files",
      comment: "A cycle of types alone is allowed inside a room.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "not-resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^vitest" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
