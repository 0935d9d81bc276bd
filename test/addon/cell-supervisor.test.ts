import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { constants as os } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import {
  SUPERVISOR,
  NO_SUPERVISOR,
  PLAIN_ENV,
  RunningSupervisor,
  SANITIZED,
  exists,
  ownGroup,
  runSupervised,
} from "./support/supervisor.js";
import type { Line } from "./support/supervisor.js";
import { supervisedChild } from "./support/supervised-child.js";
import { NO_COMPILER, temporaryFolder } from "./support/stand-in.js";

const MIB = 2 ** 20;
const { SIGKILL, SIGSEGV, SIGTERM, SIGXFSZ } = os.signals;
const { EACCES, ENOENT } = os.errno;

const NOT_HERE = NO_SUPERVISOR ?? NO_COMPILER;
const supervised = test.skipIf(NOT_HERE !== undefined);
if (NOT_HERE !== undefined) test.skip(`the supervisor: ${NOT_HERE}`);

const SLEEP = ["sleep", "60"];
const PATIENT = { timeout: 30_000 };
const WAYS_TO_FIND_CHILDREN = [{ options: [] }, { options: ["--scan-proc"] }];

describe("the end of the command", () => {
  supervised("the exit code of the command is reported, and the supervisor itself ends with 0", async () => {
    const supervisor = new RunningSupervisor(["sh", "-c", "exit 7"]);
    expect(await supervisor.next("main-exited")).toEqual({ event: "main-exited", code: 7 });
    expect(await supervisor.end()).toMatchObject({ killed: null, code: 7, survivors: 0, processesReaped: 1 });
    expect(await supervisor.exit).toBe(0);
  });

  supervised("the signal that the command dies of is reported in place of a code", async () => {
    const { end } = await runSupervised(["sh", "-c", "kill -SEGV $$"]);
    expect(end).toMatchObject({ killed: null, signal: SIGSEGV });
    expect(end).not.toHaveProperty("code");
  });

  supervised("it is known also to a supervisor whose runner ignores SIGCHLD", async () => {
    const supervisor = new RunningSupervisor(["sh", "-c", "exit 7"], {
      under: supervisedChild("without-sigchld"),
    });
    expect(await supervisor.end()).toMatchObject({ code: 7 });
  });

  supervised("a start names the process with the time by which the kernel tells it from others", async () => {
    const supervisor = new RunningSupervisor(["sh", "-c", "echo $$; cut -d ' ' -f 22 /proc/$$/stat"]);
    const { pid, startTicks } = await supervisor.next("started");
    expect((await supervisor.stdout).split("\n").slice(0, 2).map(Number)).toEqual([pid, startTicks]);
  });

  supervised("what nobody sampled is left out of the end", async () => {
    const { end } = await runSupervised(["true"]);
    for (const field of ["peakRssBytes", "peakPssBytes", "overLimitBytes"])
      expect(end).not.toHaveProperty(field);
  });

  supervised("processor time counts every process of the tree", async () => {
    const [child = ""] = supervisedChild();
    // One that the shell waits for and one that becomes the supervisor's.
    const command = `${child} burn 100; (${child} burn 100 & echo) | cat; sleep 60`;
    const supervisor = new RunningSupervisor(["sh", "-c", command]);
    await supervisor.firstOutput();
    await expect
      .poll(async () => (supervisor.say("S"), (await supervisor.next("sample")).processes), PATIENT)
      .toBe(2);
    supervisor.say("K");
    const { userMs, systemMs } = await supervisor.end();
    expect(Number(userMs) + Number(systemMs)).toBeGreaterThanOrEqual(200);
  });
});

describe("a command that cannot be started", () => {
  async function failure(command: string[], options: string[] = []): Promise<Line> {
    const supervisor = new RunningSupervisor(command, { options });
    const line = await supervisor.next("failed");
    expect(await supervisor.exit).toBe(70);
    expect(supervisor.lines).toEqual([]);
    return line;
  }

  supervised("a missing program is told with its name and errno", async () => {
    expect(await failure(['/nowhere/a "b"\n'])).toEqual({
      event: "failed",
      stage: "exec",
      path: '/nowhere/a "b"\n',
      errno: ENOENT,
      message: "No such file or directory",
    });
  });

  supervised("a file that is no program is told as refused", async () => {
    const file = join(temporaryFolder(), "text");
    writeFileSync(file, "not a program");
    expect(await failure([file])).toMatchObject({ stage: "exec", path: file, errno: EACCES });
  });

  supervised("a path longer than a line is cut and the line stays whole", async () => {
    const { path } = await failure([`/${"ü".repeat(2500)}`]);
    expect(path).toMatch(/^\/ü{1500,2000}$/);
  });

  supervised("a group that cannot be joined keeps the command from running", async () => {
    const folder = temporaryFolder();
    const options = ["--join", join(folder, "nowhere/cgroup.procs")];
    const line = await failure(["touch", join(folder, "ran")], options);
    expect(line).toMatchObject({ stage: "join", path: options[1], errno: ENOENT });
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });
});

describe("wrong usage", () => {
  const command = ["--", "true"];
  test.skipIf(NOT_HERE !== undefined).each([
    { args: [], names: "command" },
    { args: ["--report", "1", "--"], names: "command" },
    { args: ["--report", "1", "true"], names: "true" },
    { args: command, names: "--report" },
    { args: ["--report", "77", ...command], names: "not open" },
    { args: ["--report", "0", ...command], names: "can be written" },
    { args: ["--report", "1x", ...command], names: "--report" },
    { args: ["--report", "1", "--lifeline", "-1", ...command], names: "--lifeline" },
    { args: ["--report", "1", "--lifeline", "3", ...command], names: "can be read" },
    { args: ["--report", "1", "--time-limit", "0", ...command], names: "milliseconds" },
    { args: ["--report", "1", "--grace", "1e3", ...command], names: "--grace" },
    { args: ["--report", "1", "--memory-limit", "", ...command], names: "--memory-limit" },
    { args: ["--report", "1", "--data-limit", "9223372036854775808", ...command], names: "bytes" },
    { args: ["--report", "1", "--file-limit", "-1", ...command], names: "at least 0" },
    { args: ["--report", "1", "--oom-score-adj", "1001", ...command], names: "1000" },
    { args: ["--report", "1", "--join", "", ...command], names: "--join" },
    { args: ["--report", "1", "--sample"], names: "--sample" },
    { args: ["--report", "1", "--bogus", "1", ...command], names: "--bogus" },
    {
      args: ["--report", "1", ...Array.from({ length: 17 }, () => ["--kill-file", "f"]).flat(), ...command],
      names: "16",
    },
  ])("$args is refused with one sentence", ({ args, names }) => {
    const writeOnly = openSync("/dev/null", "w");
    const { status, stdout, stderr } = spawnSync(SUPERVISOR, args, {
      stdio: ["ignore", "pipe", "pipe", writeOnly],
      env: PLAIN_ENV,
      encoding: "utf8",
    });
    closeSync(writeOnly);
    expect({ status, stdout }).toEqual({ status: 64, stdout: "" });
    expect(stderr).toMatch(/^cell-supervisor: [^\n]+\.\n$/);
    expect(stderr).toContain(names);
  });
});

test.skipIf(NOT_HERE !== undefined)(
  "it runs on systems with an older C library: it needs none",
  ({ skip }) => {
    const library = spawnSync("cc", ["-print-file-name=libc.a"], { encoding: "utf8" }).stdout;
    skip(!library.includes("/"), "needs a static C library to build with");
    skip(SANITIZED, "needs the supervisor as it is published, without sanitizers");
    expect(programHeaders(readFileSync(SUPERVISOR))).not.toContain(PT_INTERP);
  },
);

describe("what the command inherits", () => {
  supervised("the descriptors 0 to 3 and no others", async () => {
    const child = spawn(
      SUPERVISOR,
      ["--report", "5", "--lifeline", "6", "--", ...supervisedChild("descriptors")],
      {
        stdio: ["ignore", "pipe", "inherit", "pipe", "pipe", "pipe", "pipe", "pipe"],
        env: PLAIN_ENV,
      },
    );
    expect(await text(child.stdout as Readable)).toBe("0\n1\n2\n3\n");
  });

  supervised("no descriptor 3 where the supervisor has none", async () => {
    const under = ["sh", "-c", 'exec "$@" 3>&-', "sh"];
    const supervisor = new RunningSupervisor(supervisedChild("descriptors"), { under });
    expect(await supervisor.stdout).toBe("0\n1\n2\n");
  });

  supervised("no report and no lifeline, even where they are its standard descriptors", () => {
    const command = ["sh", "-c", "a=$(readlink /proc/$$/fd/0) b=$(readlink /proc/$$/fd/1); echo $a $b >&2"];
    const { stdout, stderr } = spawnSync(SUPERVISOR, ["--report", "1", "--lifeline", "0", "--", ...command], {
      stdio: [openSync("/dev/zero", "r"), "pipe", "pipe"],
      env: PLAIN_ENV,
      encoding: "utf8",
    });
    expect(stderr).toBe("/dev/null /dev/null\n");
    expect(stdout).toContain('"event":"end"');
  });

  supervised("standard descriptors that are closed are filled with /dev/null", async () => {
    const under = ["sh", "-c", 'exec "$@" <&- 2>&-', "sh"];
    const supervisor = new RunningSupervisor(["sh", "-c", "readlink /proc/$$/fd/0; readlink /proc/$$/fd/2"], {
      under,
    });
    expect(await supervisor.stdout).toBe("/dev/null\n/dev/null\n");
  });

  supervised("no ignored and no blocked signal", async () => {
    const under = ["sh", "-c", `trap '' TERM INT PIPE CHLD HUP USR1; exec "$@"`, "sh"];
    const supervisor = new RunningSupervisor(supervisedChild("signals"), { under });
    expect(await supervisor.stdout).toBe(`SigBlk:\t${"0".repeat(16)}\nSigIgn:\t${"0".repeat(16)}\n`);
  });

  supervised("no terminal: its session is its own, and so is the supervisor's", async () => {
    const supervisor = new RunningSupervisor([...supervisedChild("session")]);
    expect(await supervisor.stdout).toBe("own");
    const sleeper = new RunningSupervisor(SLEEP);
    await sleeper.next("started");
    const [, group, session] = fieldsOfStat(sleeper.pid);
    expect([group, session]).toEqual([sleeper.pid, sleeper.pid]);
    sleeper.say("K");
    await sleeper.end();
  });

  supervised("no core files", async () => {
    expect((await runSupervised(["sh", "-c", "ulimit -H -c"])).stdout).toBe("0\n");
  });

  supervised("the descriptors that the supervisor holds for it are let go of", async () => {
    const supervisor = new RunningSupervisor(["sh", "-c", "exec >&- 2>&- 3>&-; exec sleep 60"]);
    expect(await Promise.all([supervisor.stdout, supervisor.stderr, supervisor.third])).toEqual(["", "", ""]);
    expect(exists(supervisor.pid)).toBe(true);
    supervisor.say("K");
    await supervisor.end();
  });
});

describe("the tree dies", () => {
  supervised("what outlives the command is killed and counted", async () => {
    const { end } = await runSupervised(["sh", "-c", "sleep 60 & sleep 60 & exit 3"]);
    expect(end).toMatchObject({ killed: null, code: 3, survivors: 2, processesReaped: 3 });
  });

  supervised("what is dead already is not counted as having outlived it", async () => {
    const { end } = await runSupervised(supervisedChild("leave-keeper-of-zombie"));
    expect(end).toMatchObject({ survivors: 1, processesReaped: 3 });
  });

  supervised.each(WAYS_TO_FIND_CHILDREN)(
    "a daemon that ignores SIGTERM dies with it ($options)",
    async ({ options }) => {
      const { end, stdout } = await runSupervised(supervisedChild("daemon"), options);
      expect(end).toMatchObject({ code: 0, survivors: 1 });
      expect(Number(stdout)).toBeGreaterThan(1);
      expect(exists(Number(stdout))).toBe(false);
    },
  );

  supervised("a sibling that the command started beside itself dies", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("sibling"));
    const sibling = Number(await supervisor.firstOutput());
    supervisor.say("K");
    expect(await supervisor.end()).toMatchObject({ killed: "asked", processesReaped: 2 });
    expect(exists(sibling)).toBe(false);
  });

  supervised.each(WAYS_TO_FIND_CHILDREN)(
    "a fork bomb with a group for each process dies ($options)",
    async ({ options }) => {
      const supervisor = new RunningSupervisor(supervisedChild("bomb", 200), { options });
      await supervisor.firstOutput();
      supervisor.say("K");
      expect(await supervisor.end()).toMatchObject({ killed: "asked", signal: SIGKILL });
      await supervisor.third;
    },
  );

  supervised("the runner's death kills all of it, and the supervisor ends", async () => {
    const options = ["--report", "4", "--lifeline", "5", "--"];
    const args = JSON.stringify([...options, ...supervisedChild("stay-with-daemon")]);
    const script = `
      require("node:child_process").spawn(${JSON.stringify(SUPERVISOR)}, ${args},
        { stdio: ["ignore", "inherit", "inherit", "inherit", "pipe", "pipe"] });`;
    const runner = spawn(process.execPath, ["-e", script], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
      env: PLAIN_ENV,
    });
    const [daemon] = (await once(runner.stdout as Readable, "data")) as [Buffer];
    expect(exists(Number(daemon))).toBe(true);
    runner.kill("SIGKILL");
    // The daemon holds both; it and the supervisor that reaped it are gone when they end.
    await Promise.all([text(runner.stdout as Readable), text(runner.stdio[3] as Readable)]);
    await expect.poll(() => exists(Number(daemon)), PATIENT).toBe(false);
  });

  supervised("the command dies with a supervisor that is killed", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"));
    await supervisor.firstOutput();
    supervisor.process.kill("SIGKILL");
    expect(await supervisor.third).toBe("");
  });

  supervised("a kill file gets a 1", async () => {
    const files = ["first", "second"].map((name) => join(temporaryFolder(), name));
    for (const file of files) writeFileSync(file, "");
    const options = files.flatMap((file) => ["--kill-file", file]);
    const supervisor = new RunningSupervisor(SLEEP, {
      options: [...options, "--kill-file", "/nowhere/cgroup.kill"],
    });
    await supervisor.next("started");
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(["", ""]);
    supervisor.say("K");
    await supervisor.end();
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(["1", "1"]);
  });
});

describe("the lifeline", () => {
  supervised("its end kills the tree", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"), { options: ["--grace", "60000"] });
    await supervisor.firstOutput();
    supervisor.lifeline.destroy();
    expect(await supervisor.end()).toMatchObject({ killed: "lifeline", signal: SIGKILL });
  });

  supervised("K kills at once, whatever the grace", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"), { options: ["--grace", "60000"] });
    await supervisor.firstOutput();
    supervisor.say("K");
    expect(await supervisor.end()).toMatchObject({ killed: "asked", signal: SIGKILL, survivors: 0 });
  });

  supervised("T lets the command end well", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("end-well"), { options: ["--grace", "60000"] });
    await supervisor.firstOutput();
    supervisor.say("T");
    expect(await supervisor.end()).toMatchObject({ killed: "asked", code: 5 });
  });

  supervised("T gives a grandchild its grace though the command has died", async () => {
    const [child = ""] = supervisedChild();
    const supervisor = new RunningSupervisor(["sh", "-c", `${child} end-after-parent & wait`], {
      options: ["--grace", "60000"],
    });
    await supervisor.firstOutput();
    supervisor.say("T");
    expect(await supervisor.end()).toMatchObject({ killed: "asked", signal: SIGTERM, survivors: 0 });
    expect(await supervisor.stdout).toContain("ended well");
  });

  supervised("T kills what ignores it after the grace", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"), { options: ["--grace", "50"] });
    await supervisor.firstOutput();
    supervisor.say("T");
    expect(await supervisor.end()).toMatchObject({ killed: "asked", signal: SIGKILL });
  });

  supervised("K cuts the grace of T short", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"), { options: ["--grace", "60000"] });
    await supervisor.firstOutput();
    supervisor.say("TK");
    expect(await supervisor.end()).toMatchObject({ killed: "asked", signal: SIGKILL });
  });

  supervised("S reports the memory of the tree and of the command, with PSS", async () => {
    const [child = ""] = supervisedChild();
    const supervisor = new RunningSupervisor(["sh", "-c", `${child} hog 64 & ${child} hog 32 & wait`]);
    let output = "";
    supervisor.process.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, PATIENT).toBe("full\nfull\n");
    supervisor.say("S");
    const sample = (await supervisor.next("sample")) as Line & Record<string, number>;
    expect(sample).toMatchObject({ processes: 3, asked: true });
    for (const field of ["rssBytes", "pssBytes"]) {
      expect(sample[field]).toBeGreaterThan(96 * MIB);
      expect(sample[field]).toBeLessThan(110 * MIB);
    }
    expect(sample.largestHwmBytes).toBeGreaterThan(64 * MIB);
    expect(sample.largestHwmBytes).toBeLessThan(70 * MIB);
    // The command is the shell.
    expect(sample.mainPssBytes).toBeLessThan(4 * MIB);
    expect(sample.mainHwmBytes).toBeLessThan(4 * MIB);
    supervisor.say("K");
    expect(Number((await supervisor.end()).peakPssBytes)).toBe(sample.pssBytes);
  });

  supervised.each(WAYS_TO_FIND_CHILDREN)(
    "a child that another thread started is seen ($options)",
    async ({ options }) => {
      const supervisor = new RunningSupervisor(supervisedChild("fork-in-thread"), { options });
      await supervisor.firstOutput();
      supervisor.say("S");
      expect(await supervisor.next("sample")).toMatchObject({ processes: 2 });
      supervisor.say("K");
      await supervisor.end();
    },
  );

  test.skipIf(NOT_HERE !== undefined).for(WAYS_TO_FIND_CHILDREN)(
    "a child with a smaller number than its parent is seen, by a supervisor that is process 1 ($options)",
    async ({ options }, { skip }) => {
      const last = "/proc/sys/kernel/ns_last_pid";
      const under = [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "sh",
        "-c",
        `echo 3000 > ${last} && exec "$@"`,
        "sh",
      ];
      skip(
        spawnSync("unshare", [...under.slice(1), "true"]).status !== 0,
        "needs the right to make a PID namespace",
      );
      const supervisor = new RunningSupervisor(
        ["sh", "-c", `echo 1000 > ${last}; sleep 60 & echo $$ $!; wait`],
        {
          options,
          under,
        },
      );
      expect(await supervisor.firstOutput()).toBe("3001 1001\n");
      supervisor.say("S");
      expect(await supervisor.next("sample")).toMatchObject({ processes: 2 });
      supervisor.say("K");
      expect(await supervisor.end()).toMatchObject({ killed: "asked", processesReaped: 2 });
    },
  );

  supervised("a process that has ended and was not waited for is not in a sample", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("keep-zombie"));
    await supervisor.firstOutput();
    supervisor.say("S");
    expect(await supervisor.next("sample")).toMatchObject({ processes: 1 });
    supervisor.say("K");
    await supervisor.end();
  });

  supervised.each(["K", "SIGTERM"] as const)(
    "%s for a command that has ended by itself does not make it a killed one",
    async (what) => {
      const supervisor = new RunningSupervisor(["sh", "-c", "read word <&3; exit 3"]);
      const { pid } = await supervisor.next("started");
      // The supervisor must not see the end before the letter is there.
      supervisor.process.kill("SIGSTOP");
      (supervisor.process.stdio[3] as Writable).write("go\n");
      await expect.poll(() => readFileSync(`/proc/${String(pid)}/stat`, "utf8"), PATIENT).toContain(") Z ");
      if (what === "K") supervisor.say(what);
      else supervisor.process.kill(what);
      supervisor.process.kill("SIGCONT");
      expect(await supervisor.end()).toMatchObject({ killed: null, code: 3 });
    },
  );

  supervised("unknown letters and a flood of questions do no harm", async () => {
    const supervisor = new RunningSupervisor(SLEEP);
    supervisor.say(`xyz\0\n${"S".repeat(200)}`);
    for (let index = 0; index < 200; ++index) await supervisor.next("sample");
    supervisor.say("K");
    expect(await supervisor.end()).toMatchObject({ killed: "asked" });
  });

  supervised("one socket serves as the lifeline and for the report", async () => {
    const child = spawn(SUPERVISOR, ["--report", "3", "--lifeline", "3", "--", ...SLEEP], {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
      env: PLAIN_ENV,
    });
    const socket = child.stdio[3] as Duplex;
    socket.write("K");
    expect(await text(socket)).toContain('"killed":"asked"');
  });

  supervised("a supervisor without one runs the command to its end", () => {
    const { status, stdout } = spawnSync(SUPERVISOR, ["--report", "1", "--", "sh", "-c", "exit 4"], {
      env: PLAIN_ENV,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(stdout).toContain('"killed":null,"code":4');
  });
});

describe("signals to the supervisor", () => {
  supervised.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const)("%s kills the tree", async (name) => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"));
    await supervisor.firstOutput();
    supervisor.process.kill(name);
    expect(await supervisor.end()).toMatchObject({ killed: "signal", signal: SIGKILL });
    expect(await supervisor.exit).toBe(0);
  });

  supervised("SIGTERM passes on with a grace", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("end-well"), { options: ["--grace", "60000"] });
    await supervisor.firstOutput();
    supervisor.process.kill("SIGTERM");
    expect(await supervisor.end()).toMatchObject({ killed: "signal", code: 5 });
  });

  supervised("others do not end it", async () => {
    const supervisor = new RunningSupervisor(SLEEP);
    await supervisor.next("started");
    for (const name of ["SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM"] as const) supervisor.process.kill(name);
    supervisor.say("K");
    expect(await supervisor.end()).toMatchObject({ killed: "asked" });
  });
});

describe("time", () => {
  supervised("the limit kills a command that ignores SIGTERM", async () => {
    const options = ["--time-limit", "150", "--grace", "50"];
    const { end } = await runSupervised(supervisedChild("ignore"), options);
    expect(end).toMatchObject({ killed: "time", signal: SIGKILL });
    expect(end.wallMs).toBeGreaterThanOrEqual(200);
  });

  supervised("the limit holds before the command runs, while the child waits for a group", async () => {
    const fifo = join(temporaryFolder(), "fifo");
    execFileSync("mkfifo", [fifo]);
    const supervisor = new RunningSupervisor(["true"], { options: ["--join", fifo, "--time-limit", "100"] });
    expect(await supervisor.end()).toMatchObject({ killed: "time", signal: SIGKILL });
    expect(supervisor.lines.map(({ event }) => event)).toEqual(["main-exited"]);
  });

  supervised("the limit holds while nobody reads the report", async () => {
    const fifo = join(temporaryFolder(), "fifo");
    execFileSync("mkfifo", [fifo]);
    const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const writer = openSync(fifo, "w");
    const filler = fill(reader);
    const supervisor = spawn(
      SUPERVISOR,
      ["--report", "4", "--time-limit", "100", "--sample", "1", "--", ...SLEEP],
      {
        stdio: ["ignore", "ignore", "ignore", "pipe", writer],
        env: PLAIN_ENV,
      },
    );
    closeSync(writer);
    // The tree is dead when nobody holds the pipe any more.
    await text(supervisor.stdio[3] as Readable);
    const exit = once(supervisor, "exit");
    const lines = await readAfter(reader, filler, '"event":"end"');
    expect(await exit).toEqual([0, null]);
    closeSync(reader);
    expect(lines.map(({ event }) => event).filter((event) => event !== "sample")).toEqual([
      "started",
      "main-exited",
      "end",
    ]);
    expect(lines.at(-1)).toMatchObject({ killed: "time" });
  });

  supervised("the supervisor sleeps while nothing happens", async () => {
    const supervisor = new RunningSupervisor(SLEEP, { under: ["sh", "-c", 'exec "$@" 3>&-', "sh"] });
    await supervisor.next("started");
    await expect
      .poll(() => readFileSync(`/proc/${supervisor.pid}/status`, "utf8"), PATIENT)
      .toContain("State:\tS");
    supervisor.say("K");
    await supervisor.end();
  });
});

describe("memory", () => {
  supervised("the peak of a child is its own, also below a runner that holds more", () => {
    const command = JSON.stringify(["--report", "3", "--", ...supervisedChild("spike", 300)]);
    const script = `
      const block = Buffer.alloc(600 * 2 ** 20, 1);
      const { output } = require("node:child_process").spawnSync(${JSON.stringify(SUPERVISOR)}, ${command},
        { stdio: ["ignore", "pipe", "inherit", "pipe"] });
      console.log(JSON.stringify([String(output[1]), String(output[3]), block.length]));`;
    const stdout = execFileSync(process.execPath, ["-e", script], { env: PLAIN_ENV, encoding: "utf8" });
    const [own = "", report = ""] = JSON.parse(stdout) as string[];
    const hwm = Number(/VmHWM:\s+(\d+) kB/.exec(own)?.[1]) * 1024;
    const end = JSON.parse(report.trim().split("\n").at(-1) ?? "") as Line;
    const peak = Number(end.largestProcessPeakBytes);
    expect(hwm).toBeGreaterThan(300 * MIB);
    expect(Math.abs(peak - hwm) / hwm).toBeLessThan(0.01);
  });

  supervised("the peak of a process that another of the tree waited for counts", async () => {
    const [child = ""] = supervisedChild();
    const { end } = await runSupervised(["sh", "-c", `${child} spike 100; ${child} spike 10; true`]);
    expect(end.largestProcessPeakBytes).toBeGreaterThan(100 * MIB);
    expect(end.largestProcessPeakBytes).toBeLessThan(105 * MIB);
  });

  supervised("a tree above the limit is killed with what was seen", async () => {
    const { end } = await runSupervised(supervisedChild("hog", 2000), ["--memory-limit", String(200 * MIB)]);
    expect(end).toMatchObject({ killed: "memory", signal: SIGKILL });
    expect(end.overLimitBytes).toBeGreaterThan(200 * MIB);
    expect(end.peakPssBytes).toBe(end.overLimitBytes);
  });

  supervised("a hog whose first thread has ended is seen", async () => {
    const { end } = await runSupervised(supervisedChild("hog-in-thread", 2000), [
      "--memory-limit",
      String(200 * MIB),
    ]);
    expect(end).toMatchObject({ killed: "memory" });
  });

  test.skipIf(NOT_HERE !== undefined)(
    "RSS stands in where the kernel does not tell PSS",
    async ({ skip }) => {
      const under = process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-all"] : [];
      const [file = "true", ...args] = under;
      skip(
        spawnSync(file, [...args, "true"]).status !== 0,
        "needs setpriv to give up what lets root read everything",
      );
      const asked = new RunningSupervisor(supervisedChild("secret-hog", 64), { under });
      await asked.firstOutput();
      asked.say("S");
      const sample = await asked.next("sample");
      expect(sample.rssBytes).toBeGreaterThan(64 * MIB);
      expect(sample).not.toHaveProperty("pssBytes");
      expect(sample).not.toHaveProperty("mainPssBytes");
      asked.say("K");
      await asked.end();
      const options = ["--memory-limit", String(200 * MIB)];
      const end = await new RunningSupervisor(supervisedChild("secret-hog", 2000), { options, under }).end();
      expect(end).toMatchObject({ killed: "memory" });
      expect(end.overLimitBytes).toBeGreaterThan(200 * MIB);
      expect(end).not.toHaveProperty("peakPssBytes");
    },
  );

  supervised("two processes that hold the limit together are killed", async () => {
    const [child = ""] = supervisedChild();
    const { end } = await runSupervised(
      ["sh", "-c", `${child} hog 150 & ${child} hog 150 & wait`],
      ["--memory-limit", String(200 * MIB)],
    );
    expect(end).toMatchObject({ killed: "memory" });
  });

  supervised("memory that processes share counts once", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("share", 150), {
      options: ["--memory-limit", String(200 * MIB), "--sample", "20"],
    });
    let output = "";
    supervisor.process.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, PATIENT).toBe("touched\ntouched\n");
    await expect
      .poll(async () => (await supervisor.next("sample")).rssBytes, PATIENT)
      .toBeGreaterThan(440 * MIB);
    supervisor.say("K");
    const end = await supervisor.end();
    expect(end).toMatchObject({ killed: "asked" });
    expect(end.peakRssBytes).toBeGreaterThan(440 * MIB);
    expect(end.peakPssBytes).toBeLessThan(200 * MIB);
  });

  supervised("samples come by themselves, without PSS", async () => {
    const supervisor = new RunningSupervisor(SLEEP, { options: ["--sample", "5"] });
    const sample = await supervisor.next("sample");
    expect(Object.keys(sample)).toEqual(["event", "processes", "rssBytes", "largestHwmBytes"]);
    await supervisor.next("sample");
    supervisor.say("K");
    expect((await supervisor.end()).peakRssBytes).toBeGreaterThanOrEqual(Number(sample.rssBytes));
  });

  supervised("the data limit makes an allocation fail in the child", async () => {
    const limited = await runSupervised(supervisedChild("hog", 400), ["--data-limit", String(200 * MIB)]);
    expect(limited.end).toMatchObject({ killed: null, code: 12 });
  });

  supervised("the file limit ends a child that writes more", async () => {
    const file = join(temporaryFolder(), "file");
    const command = ["sh", "-c", `exec head -c 100000 /dev/zero > ${file}`];
    const { end } = await runSupervised(command, ["--file-limit", "50000"]);
    expect(end).toMatchObject({ killed: null, signal: SIGXFSZ });
    expect(readFileSync(file)).toHaveLength(50000);
  });

  supervised("the child's score for the kernel's killer is raised", async () => {
    const { stdout } = await runSupervised(["cat", "/proc/self/oom_score_adj"], ["--oom-score-adj", "500"]);
    expect(stdout).toBe("500\n");
  });

  test.skipIf(NOT_HERE !== undefined)("a score that may not be lowered is a warning", async ({ skip }) => {
    const capabilities = BigInt(
      `0x${/CapEff:\t(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`,
    );
    const CAP_SYS_RESOURCE = 24n;
    skip(((capabilities >> CAP_SYS_RESOURCE) & 1n) === 1n, "needs a process without CAP_SYS_RESOURCE");
    const supervisor = new RunningSupervisor(["true"], { options: ["--oom-score-adj", "-1000"] });
    expect(await supervisor.next("warning")).toMatchObject({
      stage: "oom-score-adj",
      path: "/proc/self/oom_score_adj",
      errno: EACCES,
    });
    expect(await supervisor.end()).toMatchObject({ killed: null, code: 0 });
  });
});

describe("the supervisor's own upkeep", () => {
  supervised("it keeps no descriptor that it inherited, and opens none for good", async () => {
    const supervisor = spawn(SUPERVISOR, ["--report", "4", "--lifeline", "5", "--", ...SLEEP], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      env: PLAIN_ENV,
    });
    const report = supervisor.stdio[4] as Readable;
    const lifeline = supervisor.stdio.at(5) as Writable;
    const held = (): string[] =>
      readdirSync(`/proc/${supervisor.pid ?? 0}/fd`).map((fd) =>
        readlinkSync(`/proc/${supervisor.pid ?? 0}/fd/${fd}`),
      );
    const ask = async (times: number): Promise<string[]> => {
      lifeline.write("S".repeat(times));
      let answers = 0;
      while (answers < times) {
        const [chunk] = (await once(report, "data")) as [Buffer];
        answers += chunk.toString().split('"asked"').length - 1;
      }
      return held();
    };
    const [start] = (await once(report, "data")) as [Buffer];
    expect(start.toString()).toContain('"started"');
    const before = await ask(1);
    // /dev/null at 0 to 3, the report, the lifeline and the signals.
    expect(before).toHaveLength(7);
    expect(await ask(100)).toEqual(before);
    lifeline.end();
    await once(supervisor, "exit");
  });

  supervised("a reader that is gone does not end it before the tree", async () => {
    const supervisor = new RunningSupervisor(supervisedChild("ignore"), { options: ["--sample", "1"] });
    await supervisor.firstOutput();
    supervisor.report.destroy();
    supervisor.say("SSSS");
    supervisor.say("K");
    expect(await supervisor.third).toBe("");
    // Nobody has heard of the end.
    expect(await supervisor.exit).toBe(70);
  });
});

describe("control groups", () => {
  supervised(
    "the command, and not the supervisor, is in a group of the v1 memory controller, whose limit kills",
    async ({ skip }) => {
      const group = makeGroup("/sys/fs/cgroup/memory", "memory");
      skip(typeof group === "string", "needs a cgroup v1 memory controller that can be written");
      if (typeof group === "string") return;
      try {
        writeFileSync(join(group.folder, "memory.limit_in_bytes"), String(64 * MIB));
        const options = ["--join", join(group.folder, "cgroup.procs")];
        const command = ["sh", "-c", "cat /proc/$$/cgroup; echo; cat /proc/$PPID/cgroup"];
        const [own = "", supervisors = ""] = (await runSupervised(command, options)).stdout.split("\n\n");
        expect(own).toContain(`memory:${group.path}\n`);
        expect(supervisors).not.toContain(group.path);
        const { end } = await runSupervised(supervisedChild("hog", 200), options);
        expect(end).toMatchObject({ killed: null, signal: SIGKILL });
        expect(end.largestProcessPeakBytes).toBeLessThan(70 * MIB);
        expect(readFileSync(join(group.folder, "memory.oom_control"), "utf8")).toContain("oom_kill 1\n");
      } finally {
        rmdirSync(group.folder);
      }
    },
  );

  supervised("cgroup.kill of the unified hierarchy reaches what the supervisor cannot", async ({ skip }) => {
    const root = existsSync("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
    const group = makeGroup(root, "");
    skip(typeof group === "string", "needs a cgroup v2 hierarchy that can be written");
    if (typeof group === "string") return;
    const stranger = spawn("sleep", ["60"]);
    try {
      const procs = join(group.folder, "cgroup.procs");
      writeFileSync(procs, String(stranger.pid));
      const options = ["--join", procs, "--kill-file", join(group.folder, "cgroup.kill")];
      const dead = once(stranger, "exit");
      expect((await runSupervised(["true"], options)).end).toMatchObject({ killed: null, code: 0 });
      expect(await dead).toEqual([null, "SIGKILL"]);
    } finally {
      stranger.kill("SIGKILL");
      rmdirSync(group.folder);
    }
  });
});

const PT_INTERP = 3;

/** The types of an ELF file's program headers; PT_INTERP names the linker of a program that needs libraries. */
function programHeaders(elf: Buffer): number[] {
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(start + index * size));
}

/** Parent, group and session of a process. */
function fieldsOfStat(pid: number): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat
    .slice(stat.lastIndexOf(")") + 4)
    .split(" ")
    .slice(0, 3)
    .map(Number);
}

/** Fills a pipe and returns how many bytes it took. */
function fill(pipe: number): number {
  const block = Buffer.alloc(4096, " ");
  for (let filled = 0; ; filled += block.length) {
    try {
      writeSync(pipe, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return filled;
      throw error;
    }
  }
}

/** The lines of a pipe after `skipped` bytes, up to the one that holds `last`. */
async function readAfter(pipe: number, skipped: number, last: string): Promise<Line[]> {
  const block = Buffer.alloc(65536);
  let all = "";
  await expect
    .poll(() => {
      try {
        all += block.toString("utf8", 0, readSync(pipe, block));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
      return all;
    }, PATIENT)
    .toContain(last);
  const lines = all.slice(skipped).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Line);
}

/** A fresh group below the one that this process is in, or why there is none. */
function makeGroup(root: string, controller: string): { folder: string; path: string } | string {
  const own = ownGroup(controller);
  if (own === undefined) return "no hierarchy";
  const path = join(own, `bytesper-supervisor-test-${process.pid}`);
  const folder = join(root, path);
  try {
    accessSync(join(root, own, "cgroup.procs"), constants.W_OK);
    mkdirSync(folder);
    return { folder, path };
  } catch (error) {
    return String(error);
  }
}
