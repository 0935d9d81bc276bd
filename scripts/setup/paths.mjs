import { fileURLToPath } from "node:url";

/** The folder that holds package.json. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const inRoot = (path) => ROOT + path;

/** In build/, which git ignores and which none of the steps removes as a whole. */
export const LOCK_FILE = inRoot("build/setup.lock");
