import type { SpokenFramework } from "./framework.js";

export const yarn: SpokenFramework = {
  name: "yarn",
  title: "YARN or Spark",
  memory: "host",
  messages: [
    {
      text: "Container killed by YARN for exceeding <<virtual >>memory limits. {size:totalVmBytes} of {size:limitBytes} virtual memory used",
      means: [
        "group-limit",
        "YARN killed a container for {virtual} of virtual memory; its limit is {limit}. Address space is no memory in use.",
      ],
      details: { reason: "virtual" },
    },
    {
      text: "is running {any:40}beyond <<the '>><<virtual||VIRTUAL>><<'>> memory limit<<s>>. Current usage: {any:60}; {size:totalVmBytes} of {size:limitBytes} virtual memory used",
      means: [
        "group-limit",
        "YARN killed a container for {virtual} of virtual memory; its limit is {limit}. Address space is no memory in use.",
      ],
      details: { reason: "virtual" },
    },
    {
      text: "Container killed by YARN for exceeding <<physical ||virtual ||>>memory limits. {size:processInUseBytes} of {size:limitBytes} <<physical||virtual>> memory used",
      means: ["group-limit", "YARN killed a container that used {used} of the {limit} it had asked for."],
    },
    {
      text: "Container [pid={whole:pid},containerID={word:container}] is running {any:40}beyond <<the '>><<physical||virtual||PHYSICAL||VIRTUAL>><<'>> memory limit<<s>>. Current usage: {size:processInUseBytes} of {size:limitBytes} physical memory used",
      means: [
        "group-limit",
        "YARN killed container {container} (pid {pid}) that used {used} of the {limit} it had asked for.",
      ],
    },
    {
      text: "is running beyond <<physical||virtual>> memory limits. Current usage: {size:processInUseBytes} of {size:limitBytes} physical memory used",
      means: ["group-limit", "YARN killed a container that used {used} of the {limit} it had asked for."],
    },
    {
      text: "exited with exit code 137(SIGKILL, possible container OOM)",
      means: [
        "killed",
        "An executor was killed with signal 9; its container's memory limit is the likely cause.",
      ],
      certainty: "likely",
      stands: "free",
    },
    {
      text: "Container killed on request. Exit code is 137",
      means: [
        "killed",
        "A container was killed with signal 9; its memory limit or the node's is the likely cause.",
      ],
      certainty: "likely",
      stands: "free",
    },
  ],
  advice: [
    {
      when: ({ record }) => record.details.reason === "virtual",
      do: "Turn off the check of virtual memory: address space that is reserved costs nothing",
      paste: "yarn.nodemanager.vmem-check-enabled=false",
      why: "In yarn-site.xml of the node managers; the allocator of glibc reserves 64 MiB a thread, so it is met without need.",
    },
    {
      do: "Give the executor more memory beside its heap",
      paste: "--conf spark.executor.memoryOverhead=2g",
      why: "The container holds the heap and all that is beside it: Python workers, direct buffers, the JVM itself. On YARN before 2.3 the setting is spark.yarn.executor.memoryOverhead.",
    },
    {
      do: "Run fewer tasks at once in an executor, and cut the data into more partitions",
      paste: "--conf spark.executor.cores=2 --conf spark.sql.shuffle.partitions=800",
    },
    {
      do: "Raise the whole container",
      paste: "--executor-memory 12g",
    },
  ],
};

export const spark: SpokenFramework = {
  name: "spark",
  title: "Spark's driver",
  memory: "host",
  messages: [
    {
      text: "Total size of serialized results of {whole:count} tasks ({size:wantedBytes}) is bigger than spark.driver.maxResultSize<< (>>{size:limitBytes}",
      means: [
        "own-limit",
        "{count} tasks sent {wanted} of results to the driver; spark.driver.maxResultSize allows {limit}.",
      ],
    },
  ],
  advice: [
    {
      do: "Write the result instead of collecting it, or collect less",
      paste: 'df.write.parquet("out")   (in place of collect() or toPandas())',
      why: "Also tens of thousands of tasks send more than a GiB of counters alone: use fewer partitions.",
    },
    {
      do: "Raise the limit, and the driver's heap with it",
      paste: "--conf spark.driver.maxResultSize=4g --driver-memory 8g",
    },
  ],
};
