import { Stop } from "./stop.mjs";

/** The package `ws` is installed with a clone of the repository, but not with the published package. */
export async function loadWs() {
  try {
    return await import("ws");
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Stop("this example needs the package ws, which is not installed; run npm install ws");
  }
}
