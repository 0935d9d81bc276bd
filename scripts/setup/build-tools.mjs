import { readFileSync } from "node:fs";
import { findProgram } from "./find-program.mjs";
import { runChild } from "./run-child.mjs";
import { Stop } from "./stop.mjs";

const COMPILERS = ["g++", "c++", "clang++"];
const PYTHONS = ["python3", "python"];
/** The oldest that node-gyp runs on. */
const PYTHON_CHECK = "import sys; sys.exit(sys.version_info < (3, 8))";

const INSTALL = {
  debian: "apt install g++ make python3",
  fedora: "dnf install gcc-c++ make python3",
  alpine: "apk add g++ make python3",
  arch: "pacman -S gcc make python",
  suse: "zypper install gcc-c++ make python3",
};

/** Throws one sentence naming what the addon's build lacks and how this system installs it. */
export async function requireBuildTools() {
  // On Windows node-gyp looks for Visual Studio itself, which is not on the PATH.
  if (process.platform === "win32") return;
  const lacking = [];
  if (findCompiler() === undefined) lacking.push("a C++ compiler");
  if (findMake() === undefined) lacking.push("make");
  if ((await findPython()) === undefined) lacking.push("Python 3.8 or newer");
  if (lacking.length === 0) return;
  const list = lacking.length === 1 ? lacking[0] : `${lacking.slice(0, -1).join(", ")} and ${lacking.at(-1)}`;
  throw new Stop(
    `Building the native addon needs ${list}, not found on the PATH; install with ${installHint()}.`,
  );
}

/** The compiler to hand to make, which would otherwise insist on g++. */
export function findCompiler() {
  const own = process.env.CXX?.trim().split(/\s+/);
  // CXX may begin with a wrapper such as ccache and carry flags; the first word is what has to exist.
  if (own !== undefined && own[0] !== "") return findProgram([own[0]]) && process.env.CXX;
  return findProgram(COMPILERS);
}

function findMake() {
  return findProgram([process.env.MAKE ?? "", "make", "gmake"].filter((name) => name !== ""));
}

/** A Python that runs: a version manager's placeholder is on the PATH also when it leads nowhere. */
export async function findPython() {
  const { npm_config_python, PYTHON, NODE_GYP_FORCE_PYTHON } = process.env;
  for (const name of [NODE_GYP_FORCE_PYTHON, npm_config_python, PYTHON, ...PYTHONS]) {
    const file = name ? findProgram([name]) : undefined;
    if (file === undefined) continue;
    const { code } = await runChild(file, ["-c", PYTHON_CHECK], { stdio: "ignore" });
    if (code === 0) return file;
  }
  return undefined;
}

function installHint() {
  if (process.platform === "darwin") return "xcode-select --install";
  const family = systemFamily();
  const known = Object.keys(INSTALL).find((name) => family.includes(name));
  if (known !== undefined) return INSTALL[known];
  return `${INSTALL.debian} (Debian, Ubuntu) or ${INSTALL.fedora} (Fedora)`;
}

/** The system's name and those of the systems it derives from, such as "ubuntu debian". */
function systemFamily() {
  let text;
  try {
    text = readFileSync("/etc/os-release", "utf8");
  } catch {
    return [];
  }
  const names = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => match[1].split(" "));
  return names.map((name) => (name === "rhel" || name === "centos" ? "fedora" : name));
}
