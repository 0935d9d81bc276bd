export type { Announcements, Pruned } from "./announcements.js";
export type { ChatFormat } from "./chat-format.js";
export { CHAT_FORMAT } from "./chat-format.js";
export type { ChatMessage } from "./chat-message.js";
export { fromChatMessage, toChatMessage } from "./chat-message.js";
export type { Exchange, Problem } from "./exchanges.js";
export { History } from "./history.js";
export type { Message, MessageRole, ToolCall } from "./message.js";
export { MESSAGE_ROLES } from "./message.js";
export type { NewObservation, Observation, ObservationFilter } from "./observations/observation.js";
export type { StoreOptions } from "./observations/store.js";
export { ObservationStore } from "./observations/store.js";
export { pagesOf } from "./pages.js";
export type { Policy } from "./policy.js";
export { budgetPolicy, composePolicy, fixedPolicy, KEEP_ALL } from "./policy.js";
export type { Capacity, HistoryView, Part, Rule, SummariseOptions, SummaryRequest } from "./rules.js";
export {
  capNewTokens,
  capToolResults,
  capTurns,
  fitCapacity,
  keepWhole,
  replaceOldResults,
  summarise,
} from "./rules.js";
export type { Encoding, Tokenizer } from "./tokenizer.js";
export { ENCODINGS, openTokenizer, ROUGH_TOKENIZER, TokenizerFailed } from "./tokenizer.js";
export type { Generation, HistoryOptions, Postponed, Turn } from "./turn.js";
export { CapacityTooSmall } from "./turn.js";
export type { Workload } from "./simulation/generate.js";
export { generateTranscript, WORKLOADS } from "./simulation/generate.js";
export { POLICY_NAMES } from "./simulation/policies.js";
export type { ReplayedTurn } from "./simulation/replay.js";
export type { SimulationRequest } from "./simulation/run.js";
export { runSimulation } from "./simulation/run.js";
export type { PolicyTotals, SimulatedReplay, SimulatedTurn, Simulation } from "./simulation/simulate.js";
export { simulateContext } from "./simulation/simulate.js";
export type { Transcript } from "./simulation/transcript.js";
export { readTranscripts } from "./simulation/transcript.js";
