/**
 * Does the set-up that is missing or stale, then runs a command:
 *
 *   node scripts/setup.mjs [--force] [--packages] [-- COMMAND ARGS...]
 *
 * --force builds the addon and dist again even when they are current; --packages only installs the packages
 * (the linters need no more). Progress goes to stderr; stdout
 * belongs to the command, and so does the exit code. Exit 3: this machine lacks what the set-up needs.
 */
const OLDEST = [20, 17];

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  console.error(
    `bytesper needs Node ${OLDEST.join(".")} or newer, and this is Node ${process.versions.node}; install a newer Node and run again.`,
  );
  process.exitCode = 3;
} else {
  // Imported only now, because an older Node would stop at the syntax of these files without a sentence.
  import("./setup/main.mjs").then(({ main }) => main(process.argv.slice(2)));
}
