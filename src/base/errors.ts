/** Codes of errors that a user can meet. One code stands for one cause, so scripts need not read the message. */
export type ErrorCode =
  | "USAGE"
  | "BAD_INPUT"
  | "BAD_CONVERSATIONS"
  | "BAD_EXPERIMENT"
  | "UNKNOWN_EXPERIMENT"
  | "BAD_SUBJECT"
  | "SUBJECT_THREW"
  | "SUBJECT_TIMEOUT"
  | "CELL_FAILED"
  | "INSTRUMENT_OFF"
  | "NO_ADDON"
  | "NO_DRIVER"
  | "NO_DEVICE"
  | "NO_KERNEL"
  | "OUT_OF_DEVICE_MEMORY"
  | "DEVICE_FAILED"
  | "NO_PACKAGE"
  | "GUARD_STOP"
  | "NO_SPACE"
  | "WRITE_FAILED"
  | "BAD_SNAPSHOT"
  | "BAD_RESULT"
  | "BAD_JOURNAL"
  | "RUN_IN_USE"
  | "NO_ENFORCEMENT"
  | "INTERRUPTED";

/** 1: a check or a cell failed. 2: wrong usage or unreadable input. 3: it cannot be measured on this machine. */
const EXIT_CODES: Record<ErrorCode, number> = {
  USAGE: 2,
  BAD_INPUT: 2,
  BAD_CONVERSATIONS: 2,
  BAD_EXPERIMENT: 2,
  UNKNOWN_EXPERIMENT: 2,
  BAD_SUBJECT: 2,
  SUBJECT_THREW: 1,
  SUBJECT_TIMEOUT: 1,
  CELL_FAILED: 1,
  INSTRUMENT_OFF: 3,
  NO_ADDON: 3,
  NO_DRIVER: 3,
  NO_DEVICE: 3,
  NO_KERNEL: 3,
  OUT_OF_DEVICE_MEMORY: 1,
  DEVICE_FAILED: 3,
  NO_PACKAGE: 3,
  GUARD_STOP: 1,
  NO_SPACE: 3,
  WRITE_FAILED: 3,
  BAD_SNAPSHOT: 1,
  BAD_RESULT: 2,
  BAD_JOURNAL: 2,
  RUN_IN_USE: 2,
  NO_ENFORCEMENT: 3,
  INTERRUPTED: 130,
};

/**
 * An error for the user. The message is one sentence: what was expected, what was found, what to do. The command line
 * prints only the message, since a stack trace would point at bytesper.
 */
export class BytesperError extends Error {
  override readonly name = "BytesperError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
