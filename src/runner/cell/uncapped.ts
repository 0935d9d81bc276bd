import { absent } from "../../system/probe/reading.js";
import type { Enforcement } from "../limits/index.js";

const NOBODY = absent("no cap was asked for");

/**
 * For cells without a cap that measure themselves. It creates no control groups and changes nothing on the
 * system.
 */
export const UNCAPPED: Enforcement = {
  kind: "none",
  description: "none",
  exact: false,
  open: () =>
    Promise.resolve({
      supervisorArguments: [],
      wrap: (command) => command,
      close: () => Promise.resolve({ peak: NOBODY, oomKills: NOBODY, counters: {} }),
    }),
};
