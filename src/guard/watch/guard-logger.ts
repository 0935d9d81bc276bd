import { pino } from "pino";
import { BytesperError } from "../../base/errors.js";
import type { GuardEvent } from "../types.js";

export interface GuardLogger {
  event(event: GuardEvent): void;
  info(event: string, fields: Record<string, unknown> & { message: string }): void;
}

/** Appends to a file, or writes to standard error. Throws `WRITE_FAILED`. */
export function guardLogger(file: string | undefined): GuardLogger {
  let destination: ReturnType<typeof pino.destination>;
  try {
    destination = pino.destination({ dest: file ?? 2, sync: true, append: true, mkdir: true });
  } catch (error) {
    throw new BytesperError(
      "WRITE_FAILED",
      `The log ${String(file)} cannot be written: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  // A full disk or a closed terminal must not end the guard. The rules continue without log lines.
  destination.on("error", () => undefined);
  const options = { base: {}, timestamp: pino.stdTimeFunctions.isoTime };
  const logger = pino(options, destination);
  const write = (level: "info" | "warn", fields: { event: string; message: string }): void => {
    const { message, ...rest } = fields;
    logger[level]({ category: "guard", ...rest }, message);
  };
  return {
    event: (event) => {
      const isWarning = event.event === "warned" || event.event === "fired" || event.event === "doubt";
      const { doubt, ...fields } = "doubt" in event ? event : { ...event, doubt: undefined };
      const about =
        doubt === undefined
          ? {}
          : { doubt: doubt.name, ...(doubt.rule !== undefined && { rule: doubt.rule }) };
      write(isWarning ? "warn" : "info", { ...fields, ...about });
    },
    info: (event, fields) => {
      write("info", { event, ...fields });
    },
  };
}
