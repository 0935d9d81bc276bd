/** The state of a support chat with regard to a crisis: counters, flags and timestamps. */
export class CrisisState {
  level = 0;
  riskScore: number;
  keywordHits = 0;
  escalations = 0;
  active = false;
  operatorNotified = false;
  consentGiven = true;
  /** Milliseconds since 1970, as `Date.now()` gives them. */
  firstSignalAt: number;
  lastSignalAt: number;
  lastCheckAt: number;

  constructor(now: number) {
    // A fraction, as from every scoring model. V8 stores it in a separate heap number.
    this.riskScore = (now % 997) / 1000 + 0.0005;
    this.firstSignalAt = now;
    this.lastSignalAt = now + 1;
    this.lastCheckAt = now + 2;
  }
}

/** 14 November 2023. Any time with more than 31 bits of milliseconds would do. */
const EPOCH = 1_700_000_000_000;

export function create(index: number): CrisisState {
  return new CrisisState(EPOCH + index * 1000);
}
