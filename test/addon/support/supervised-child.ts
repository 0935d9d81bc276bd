import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./stand-in.js";

/** A program with one mode for each kind of misconduct. All of them are bounded, so that a failed test leaves little. */
const SOURCE = String.raw`
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, LONGEST_SECONDS = 60 };

static void say(const char *text) {
  if (write(1, text, strlen(text)) < 0) _exit(99);
}

static int ready[2];

static void prepare_to_wait(void) {
  if (pipe(ready) != 0) exit(99);
}

static void tell_ready(void) {
  if (write(ready[1], "", 1) != 1) _exit(99);
}

static void wait_until_ready(void) {
  char letter;
  if (read(ready[0], &letter, 1) != 1) exit(99);
}

static void say_number(long number) {
  char text[32];
  snprintf(text, sizeof text, "%ld\n", number);
  say(text);
}

static void sleep_on(void) {
  alarm(LONGEST_SECONDS);
  for (;;) pause();
}

static char *map(size_t mib, int flags) {
  char *block = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? NULL : block;
}

static char *touched(size_t mib) {
  char *block = map(mib, MAP_PRIVATE);
  if (block != NULL) memset(block, 1, mib * MIB);
  return block;
}

static void say_status(const char *name) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, name, strlen(name)) == 0) say(line);
  fclose(status);
}

static void spike(size_t mib) {
  munmap(touched(mib), mib * MIB);
  say_status("VmHWM");
}

static void *hog(void *mib) {
  for (size_t done = 0; done < *(size_t *)mib; done += 8)
    if (touched(8) == NULL) exit(12);
  say("full\n");
  sleep_on();
  return NULL;
}

static void hog_in_thread(size_t mib) {
  static size_t most;
  static pthread_t thread;
  most = mib;
  pthread_create(&thread, NULL, hog, &most);
  pthread_exit(NULL);
}

static void *fork_and_sleep(void *unused) {
  if (fork() == 0) say("forked\n");
  sleep_on();
  return unused;
}

static void fork_in_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, fork_and_sleep, NULL);
  sleep_on();
}

static void burn(long ms) {
  while (clock() < ms * (CLOCKS_PER_SEC / 1000)) {
  }
}

static void share(size_t mib) {
  char *block = map(mib, MAP_SHARED);
  memset(block, 1, mib * MIB);
  for (int child = 0; child < 2; ++child) {
    if (fork() != 0) continue;
    for (size_t at = 0; at < mib * MIB; at += 4096) block[at] = 2;
    say("touched\n");
    sleep_on();
  }
  sleep_on();
}

static void keep_zombie(void) {
  siginfo_t info;
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
}

static void leave_keeper_of_zombie(void) {
  prepare_to_wait();
  if (fork() == 0) {
    keep_zombie();
    tell_ready();
    sleep_on();
  }
  wait_until_ready();
}

static void ignore_signals(void) {
  for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
}

static void daemonize(void) {
  prepare_to_wait();
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      ignore_signals();
      signal(SIGALRM, SIG_DFL);
      say_number(getpid());
      tell_ready();
      sleep_on();
    }
    _exit(0);
  }
  wait(NULL);
  wait_until_ready();
}

/* Each process goes on forking; in all at most the given number live and 50 times as many are started. */
static void bomb(int most) {
  atomic_int *count = (atomic_int *)map(1, MAP_SHARED);
  atomic_int *live = count, *made = count + 1;
  int told = 0;
  ignore_signals();
  signal(SIGALRM, SIG_DFL);
  signal(SIGCHLD, SIG_DFL);
  alarm(LONGEST_SECONDS);
  *live = 1;
  for (;;) {
    while (waitpid(-1, NULL, WNOHANG) > 0) --*live;
    if (*made >= 50 * most) sleep_on();
    if (*live >= most) {
      if (!told) say("full\n");
      told = 1;
      sched_yield();
      continue;
    }
    ++*made;
    ++*live;
    pid_t child = fork();
    if (child < 0) --*live;
    if (child == 0) {
      alarm(LONGEST_SECONDS);
      setpgid(0, 0);
      told = 1;
    }
  }
}

static void end_well(int number) {
  (void)number;
  say("ended well\n");
  _exit(5);
}

static pid_t parent;

static void end_after_parent(int number) {
  while (getppid() == parent) usleep(1000);
  end_well(number);
}

static int beside(void *unused) {
  (void)unused;
  say_number(getpid());
  sleep_on();
  return 0;
}

static void sibling(void) {
  char *stack = malloc(MIB);
  clone(beside, stack + MIB, CLONE_PARENT, NULL);
  sleep_on();
}

static void list_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != dirfd(folder)) say_number(fd);
  }
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  const size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
  size_t most = size;
  if (strcmp(mode, "spike") == 0) spike(size);
  if (strcmp(mode, "hog") == 0) hog(&most);
  if (strcmp(mode, "hog-in-thread") == 0) hog_in_thread(size);
  if (strcmp(mode, "secret-hog") == 0) {
    prctl(PR_SET_DUMPABLE, 0);
    hog(&most);
  }
  if (strcmp(mode, "fork-in-thread") == 0) fork_in_thread();
  if (strcmp(mode, "burn") == 0) burn((long)size);
  if (strcmp(mode, "share") == 0) share(size);
  if (strcmp(mode, "daemon") == 0) daemonize();
  if (strcmp(mode, "stay-with-daemon") == 0) {
    daemonize();
    sleep_on();
  }
  if (strcmp(mode, "bomb") == 0) bomb((int)size);
  if (strcmp(mode, "ignore") == 0) {
    ignore_signals();
    signal(SIGALRM, SIG_DFL);
    say("ready\n");
    sleep_on();
  }
  if (strcmp(mode, "end-well") == 0) {
    signal(SIGTERM, end_well);
    say("ready\n");
    sleep_on();
  }
  if (strcmp(mode, "end-after-parent") == 0) {
    parent = getppid();
    signal(SIGTERM, end_after_parent);
    say("ready\n");
    sleep_on();
  }
  if (strcmp(mode, "keep-zombie") == 0) {
    keep_zombie();
    say("ready\n");
    sleep_on();
  }
  if (strcmp(mode, "leave-keeper-of-zombie") == 0) leave_keeper_of_zombie();
  if (strcmp(mode, "without-sigchld") == 0) {
    signal(SIGCHLD, SIG_IGN);
    execvp(argv[2], argv + 2);
  }
  if (strcmp(mode, "sibling") == 0) sibling();
  if (strcmp(mode, "descriptors") == 0) list_descriptors();
  if (strcmp(mode, "signals") == 0) {
    say_status("SigBlk");
    say_status("SigIgn");
  }
  if (strcmp(mode, "session") == 0) say(getsid(0) == getpid() ? "own" : "the supervisor's");
  return 0;
}
`;

let file: string | undefined;

/** The command that runs the program in a mode. */
export function supervisedChild(...args: (string | number)[]): string[] {
  if (file === undefined) {
    const folder = temporaryFolder();
    file = join(folder, "child");
    writeFileSync(`${file}.c`, SOURCE);
    execFileSync("cc", ["-O1", "-pthread", "-o", file, `${file}.c`]);
  }
  return [file, ...args.map(String)];
}
