import type { SpokenFramework } from "./framework.js";

export const freebsd: SpokenFramework = {
  name: "freebsd-kernel",
  title: "The FreeBSD kernel",
  memory: "host",
  messages: [
    {
      text: "pid {whole:pid} ({text:processName}),<< jid {whole:_jail},>> uid {whole:_user}, was killed: <<out of swap space||failed to reclaim memory||a thread waited too long to allocate a page>>",
      means: ["host-memory", "The machine ran out of memory and swap, and its kernel killed {victim}."],
    },
  ],
  advice: [
    {
      do: "Add swap, so that the kernel has somewhere to put pages that are not used",
      paste: "dd if=/dev/zero of=/usr/swap0 bs=1m count=4096 && chmod 0600 /usr/swap0",
      why: "Then a line md99 none swap sw,file=/usr/swap0,late 0 0 in /etc/fstab, and swapon -aL.",
    },
    {
      do: "Let ZFS's cache take less of the memory",
      paste: "sysctl vfs.zfs.arc_max=1073741824",
      why: "The cache gives memory back too late for sudden needs.",
    },
    { do: "Protect what must live", paste: "protect -p PID" },
    { do: "Use less memory at once, or add memory" },
  ],
};

export const android: SpokenFramework = {
  name: "android",
  title: "Android's low memory killer",
  memory: "host",
  messages: [
    {
      text: "lowmemorykiller: Kill '{text:processName}' ({whole:pid}), uid {whole:_user}, oom_score_adj {word:_score} to free {size:processInUseBytes}<< rss, {any:20} swap>>",
      means: [
        "host-memory",
        "The phone ran short of memory, and Android killed {victim}, which held {used}.",
      ],
    },
    {
      text: "lowmemorykiller: Killing '{text:processName}' ({whole:pid})",
      means: ["host-memory", "The phone ran short of memory, and Android killed {victim}."],
    },
  ],
  advice: [
    {
      do: "See what the application holds, and what it held when it was killed",
      paste: "adb shell dumpsys meminfo PACKAGE; adb shell dumpsys activity exit-info PACKAGE",
    },
    { do: "Free caches and images in onTrimMemory, and hold less while in the background" },
  ],
};

export const shell: SpokenFramework = {
  name: "shell",
  title: "The shell",
  memory: "host",
  general: true,
  messages: [
    {
      text: "fork: Cannot allocate memory",
      means: [
        "host-memory",
        "The system had no memory for one more process: memory and swap are full, or its overcommit limit is met.",
      ],
      stands: "end",
    },
    {
      text: "fork: retry: Resource temporarily unavailable",
      means: ["too-many-threads", "The user or the container may have no more processes."],
      stands: "end",
    },
    {
      text: "fork: Resource temporarily unavailable",
      means: ["too-many-threads", "The user or the container may have no more processes."],
      stands: "end",
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "See what fills memory and swap, and end it",
      paste: "free -h; ps -eo pid,rss,comm --sort=-rss | head",
    },
    {
      for: ["host-memory"],
      do: "If memory is free, let the kernel promise more than it has",
      paste: "sysctl vm.overcommit_memory=0",
      why: "With 2 a large process cannot fork, because its copy counts in full.",
    },
    {
      for: ["too-many-threads"],
      do: "End processes that hang, or raise their number",
      paste: "ulimit -u; ps -eLf | wc -l   (containers: docker run --pids-limit, TasksMax= of a unit)",
    },
  ],
};

export const qemu: SpokenFramework = {
  name: "qemu",
  title: "QEMU",
  memory: "host",
  messages: [
    {
      text: "cannot set up guest memory '{word:reason}': <<Cannot allocate memory||Out of memory>>",
      means: ["host-memory", "The host has not as much memory free as the virtual machine is to have."],
    },
    {
      text: "unable to map backing store for guest RAM: Cannot allocate memory",
      means: [
        "host-memory",
        "The host has not enough huge pages for the memory of the virtual machine, or not in one size.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Give the virtual machine less memory than the host has free",
      paste: "qemu-system-x86_64 -m 2048 ...   (minikube start --memory=2g, virsh setmaxmem)",
    },
    {
      do: "For huge pages, reserve enough of them",
      paste: "sysctl vm.nr_hugepages=4096",
    },
  ],
};

export const pageAllocation: SpokenFramework = {
  name: "page-allocation",
  title: "The Linux kernel",
  memory: "host",
  messages: [
    {
      text: "{word:processName}: page allocation failure<<:||.>> order:{whole:order}, mode:{word:_mode}",
      means: [
        "host-memory",
        "The kernel found no 2^{order} free pages in one piece for {processName}: memory is short or in pieces. Nothing was killed.",
      ],
      certainty: "likely",
    },
  ],
  advice: [
    {
      do: "Let the kernel keep more free, and join free pages",
      paste: "sysctl vm.min_free_kbytes=262144; echo 1 > /proc/sys/vm/compact_memory",
      why: "An order of 4 or more asks for 64 KiB or more in one piece; drivers and core dumps do.",
    },
    { do: "See how free memory is cut up", paste: "cat /proc/buddyinfo" },
  ],
};

export const darwin: SpokenFramework = {
  name: "macos",
  title: "macOS",
  memory: "host",
  messages: [
    {
      text: "low swap: triggering no paging space action",
      means: ["host-memory", "Memory and swap were full, and macOS ended the process that held most."],
      stands: "free",
    },
    {
      text: "memorystatus: killing_{word:_how} pid {whole:pid} [{text:processName}]",
      means: ["host-memory", "Memory was short, and macOS ended {victim}."],
    },
  ],
  advice: [
    { do: "Free space on the start disk, where swap lies" },
    { do: "See what holds the memory", paste: "footprint PID; vm_stat; memory_pressure" },
    { do: "Use less memory at once; the report is in Console under Crash Reports (JetsamEvent)" },
  ],
};
