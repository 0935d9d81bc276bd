import type { SpokenFramework } from "./framework.js";

export const oracle: SpokenFramework = {
  name: "oracle",
  title: "Oracle Database",
  memory: "host",
  // It prints one line for each level of the call.
  reach: 2500,
  messages: [
    {
      text: "ORA-04030: out of process memory when trying to allocate {whole:requestedBytes} bytes<< ({text:reason})>>",
      means: [
        "host-memory",
        "A session of Oracle could get no {requested} more of private memory (PGA): its limit, or the system's.",
      ],
    },
    {
      text: 'ORA-04031: unable to allocate {whole:requestedBytes} bytes of shared memory ("{text:reason}"',
      means: [
        "own-limit",
        "Oracle's {reason} (in the SGA) has no {requested} in one piece: it is full or in pieces.",
      ],
    },
    {
      text: "ORA-04036: PGA memory used by the instance exceeds PGA_AGGREGATE_LIMIT",
      means: ["own-limit", "The private memory (PGA) of all sessions met PGA_AGGREGATE_LIMIT."],
    },
    {
      text: "ORA-27102: out of memory",
      means: ["host-memory", "The system gave Oracle no memory for a segment: check shmmax and shmall too."],
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["own-limit"],
      do: "Give the SGA and its shared pool more memory",
      paste: "ALTER SYSTEM SET sga_target=4G SCOPE=BOTH; ALTER SYSTEM SET shared_pool_size=1G SCOPE=BOTH;",
      why: "A pool in pieces comes most often from statements without bind variables, each parsed anew.",
    },
    {
      for: ["host-memory"],
      do: "Hold less in PL/SQL collections at once (BULK COLLECT ... LIMIT 1000), and raise the PGA",
      paste: "ALTER SYSTEM SET pga_aggregate_limit=8G SCOPE=BOTH;",
    },
    { for: ["host-memory"], do: "Check ulimit -v and vm.max_map_count: a PGA of 4 GB needs 65530 maps" },
  ],
};

export const sqlServer: SpokenFramework = {
  name: "sql-server",
  title: "SQL Server",
  memory: "host",
  messages: [
    {
      text: "There is insufficient system memory in resource pool '{word:reason}' to run this query",
      means: ["own-limit", "SQL Server's pool {reason} has no memory left for the query."],
    },
    {
      text: "sqlservr: This program requires a machine with at least 2000 megabytes of memory",
      means: ["host-memory", "SQL Server starts only with 2000 MB of memory."],
    },
  ],
  advice: [
    {
      for: ["own-limit"],
      do: "Give the server more memory",
      paste:
        "EXEC sp_configure 'max server memory (MB)', 8192; RECONFIGURE;   (on Linux: mssql-conf set memory.memorylimitmb 8192)",
    },
    {
      for: ["own-limit"],
      do: "See which queries hold large grants",
      paste: "SELECT * FROM sys.dm_exec_query_memory_grants ORDER BY granted_memory_kb DESC;",
    },
    { for: ["host-memory"], do: "Give the container at least 2 GB", paste: "docker run -m 4g ..." },
  ],
};

export const starrocks: SpokenFramework = {
  name: "starrocks",
  title: "StarRocks or Doris",
  memory: "host",
  messages: [
    {
      text: "Memory of {text:reason} exceed limit. {any:140}try consume:{whole:requestedBytes} Used: {whole:processInUseBytes}, Limit: {whole:limitBytes}",
      means: [
        "own-limit",
        "The memory of {reason} met its limit of {limit}: {used} used, {requested} more wanted.",
      ],
    },
    {
      text: "Memory of {text:reason} exceed limit. {any:140}Used: {whole:processInUseBytes}, Limit: {whole:limitBytes}",
      means: ["own-limit", "The memory of {reason} met its limit of {limit}: {used} used."],
    },
    {
      text: "process memory used {size:processInUseBytes}<<, tc/jemalloc cache {any:16},>> exceed limit {size:limitBytes}",
      means: ["own-limit", "A backend of Doris holds {used}, more than its limit of {limit}."],
    },
    {
      text: "Memory exceed limit. {any:200}Used: {whole:processInUseBytes}, Limit: {word:_limitText}",
      means: ["own-limit", "A query met its memory limit: {used} used."],
    },
    {
      text: "Mem usage has exceed the limit of {text:reason}",
      means: ["own-limit", "The memory of {reason} met its limit."],
      stands: "end",
    },
  ],
  advice: [
    {
      do: "Let the query write what does not fit to disk",
      paste: "SET enable_spill = true;",
    },
    {
      do: "Raise the limit of one query",
      paste: "SET query_mem_limit = 17179869184;   (Doris: SET exec_mem_limit)",
    },
    {
      do: "Raise mem_limit in be.conf, if the machine has it, or run fewer queries at once",
      paste: "mem_limit = 90%",
    },
  ],
};

export const neo4j: SpokenFramework = {
  name: "neo4j",
  title: "Neo4j",
  memory: "host",
  messages: [
    {
      text: "The allocation of an extra {size:requestedBytes} would use more than the limit {size:limitBytes}. Currently using {size:allocatedBytes}. {word:reason} threshold reached",
      means: [
        "own-limit",
        "A transaction wanted {requested} more than the limit of {limit} allows; {allocated} are in use ({reason}).",
      ],
    },
    {
      text: "The allocation of an extra {size:requestedBytes} would use more than the limit {size:limitBytes}. Currently using {size:allocatedBytes}",
      means: ["own-limit", "A transaction wanted {requested} more than the limit of {limit} allows."],
    },
  ],
  advice: [
    {
      do: "Change the graph in batches",
      paste: "CALL { ... } IN TRANSACTIONS OF 10000 ROWS",
    },
    {
      do: "Raise the limit of a transaction, and the heap with it",
      paste: "dbms.memory.transaction.total.max=8g   (server.memory.heap.max_size=12g)",
      why: "The default is 70 % of the heap.",
    },
  ],
};

export const memcached: SpokenFramework = {
  name: "memcached",
  title: "memcached",
  memory: "host",
  messages: [
    {
      text: "SERVER_ERROR out of memory storing object",
      means: ["own-limit", "memcached found no free piece of the size class that the object needs."],
      stands: "free",
    },
    {
      text: "MemcachedServerException: out of memory storing object",
      means: ["own-limit", "memcached found no free piece of the size class that the object needs."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Give it more memory", paste: "memcached -m 4096" },
    {
      do: "Let pages move between size classes, and keep large objects in smaller chunks",
      paste: "memcached -o slab_reassign,slab_automove=1,slab_chunk_max=16384",
      why: "stats slabs shows a class that is full while others are not.",
    },
  ],
};

export const rabbitmq: SpokenFramework = {
  name: "rabbitmq",
  title: "RabbitMQ",
  memory: "host",
  messages: [
    {
      text: "memory resource limit alarm set on node '{word:node}'",
      means: ["own-limit", "RabbitMQ on {node} met its memory watermark and blocks all publishers."],
    },
    {
      text: "memory resource limit alarm set on node {word:node}",
      means: ["own-limit", "RabbitMQ on {node} met its memory watermark and blocks all publishers."],
    },
  ],
  advice: [
    {
      do: "Find the queues that grow, and consume them or bound their length",
      paste: "rabbitmqctl list_queues name messages memory consumers",
    },
    {
      do: "Raise the watermark, if the machine has the memory",
      paste: "rabbitmqctl set_vm_memory_high_watermark 0.6",
    },
    { do: "See what holds it", paste: "rabbitmq-diagnostics memory_breakdown" },
  ],
};

export const cockroach: SpokenFramework = {
  name: "cockroachdb",
  title: "CockroachDB",
  memory: "host",
  messages: [
    {
      text: "memory budget exceeded: {whole:requestedBytes} bytes requested,<< {whole:allocatedBytes} currently allocated,>> {whole:limitBytes} bytes in budget",
      means: [
        "own-limit",
        "A query asked for {requested} more than CockroachDB's budget of {limit} for SQL allows.",
      ],
    },
  ],
  advice: [
    {
      do: "Give SQL more of the node's memory",
      paste: "cockroach start --max-sql-memory=.25 --cache=.25 ...",
      why: "The budget is shared by all queries of a node; a small one may only show that a large one runs beside it.",
    },
    {
      do: "Let large sorts and joins spill: raise the limit of one operator",
      paste: "SET distsql_workmem = '256MiB';",
    },
    { do: "Change the data in batches, and read large results with LIMIT or a cursor" },
  ],
};

export const tidb: SpokenFramework = {
  name: "tidb",
  title: "TiDB",
  memory: "host",
  messages: [
    {
      text: "Your query has been cancelled due to exceeding the allowed memory limit for a single SQL query",
      means: ["own-limit", "One query held more than tidb_mem_quota_query allows."],
      stands: "free",
    },
    {
      text: "Your query has been cancelled due to exceeding the allowed memory limit for the tidb-server instance",
      means: ["own-limit", "All queries together met tidb_server_memory_limit, and the largest was ended."],
      stands: "free",
    },
    {
      text: "Out Of Memory Quota!",
      means: ["own-limit", "One query held more than its quota allows."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Raise the quota of one query",
      paste: "SET tidb_mem_quota_query = 8 << 30;",
    },
    { do: "Let it spill to disk", paste: "SET GLOBAL tidb_enable_tmp_storage_on_oom = ON;" },
    { do: "Read less at once: an index for the filter, fewer columns, batches" },
  ],
};

export const cassandra: SpokenFramework = {
  name: "cassandra",
  title: "Cassandra",
  memory: "host",
  messages: [
    {
      text: "Maximum memory usage reached ({size:limitBytes})<< for {word:reason}>>, cannot allocate chunk of {size:requestedBytes}",
      means: [
        "own-limit",
        "Cassandra's pool of buffers[[ for {reason}]] met its limit of {limit}; it goes on, with buffers on the heap.",
      ],
    },
    {
      text: "Maximum memory usage reached ({whole:limitBytes})<< for {word:reason}>>, cannot allocate chunk of {whole:requestedBytes}",
      means: [
        "own-limit",
        "Cassandra's pool of buffers[[ for {reason}]] met its limit of {limit}; it goes on, with buffers on the heap.",
      ],
    },
  ],
  advice: [
    {
      do: "Raise the pool in cassandra.yaml, if the machine has the memory beside the heap",
      paste:
        "file_cache_size: 1024MiB   (before 4.1: file_cache_size_in_mb: 1024; for networking: networking_cache_size)",
    },
    {
      do: "Lower chunk_length_in_kb of tables that are read in small pieces",
      paste: "ALTER TABLE t WITH compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 4};",
    },
  ],
};
