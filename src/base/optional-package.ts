import { BytesperError } from "./errors.js";
import { sentence } from "./sentence.js";

/**
 * The error `NO_PACKAGE` for optional packages of which one could not be loaded.
 *
 * @param purpose begins the sentence, in the plural: "Figures"
 * @param packages all that the purpose needs, so that one command installs them
 * @param cause what the loader threw
 */
export function packageMissing(purpose: string, packages: readonly string[], cause: unknown): BytesperError {
  const several = packages.length > 1;
  const notThere = several
    ? "which are optional and not all installed"
    : "which is optional and not installed";
  const why = isNotFound(cause) ? notThere : `which cannot be loaded here (${sentence(cause)})`;
  return new BytesperError(
    "NO_PACKAGE",
    `${purpose} need the package${several ? "s" : ""} ${packages.join(" and ")}, ${why}; run npm install ${packages.join(" ")}.`,
    { cause },
  );
}

function isNotFound(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
