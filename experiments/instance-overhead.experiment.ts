import { defineExperiment } from "bytesper";

const FIELDS = 10;
const WORD_BYTES = 8;

export default defineExperiment({
  name: "instance-overhead",
  title: "Instance overhead",
  question: "How many bytes does the crisis state of one session cost, and where do they go?",
  unit: "instance",
  factors: { instances: [10_000] },
  population: "instances",
  subject: "./subjects/crisis-state.ts",
  estimate: () => ({
    name: "a word a field",
    bytes: FIELDS * WORD_BYTES,
    formula: `${FIELDS} fields x ${WORD_BYTES} bytes`,
    covers: ["objects"],
  }),
  table: {
    title: "Crisis states",
    columns: [
      { title: "instances", from: "instances" },
      { title: "total", from: "heapAndExternal" },
      { title: "per instance", from: "perUnitBytes" },
    ],
  },
});
