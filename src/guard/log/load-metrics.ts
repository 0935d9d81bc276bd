import { packageMissing } from "../../base/optional-package.js";

/** Loads a module that imports prom-client. Throws `NO_PACKAGE` where it is not installed. */
export async function loadMetrics<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw packageMissing("Metrics", ["prom-client"], error);
  }
}
