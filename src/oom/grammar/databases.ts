import type { SpokenFramework } from "./framework.js";

export const postgresql: SpokenFramework = {
  name: "postgresql",
  title: "PostgreSQL",
  memory: "host",
  messages: [
    {
      text: '<<ERROR: >>out of memory {any:200}DETAIL: Failed on request of size {whole:requestedBytes} in memory context "{text:reason}"',
      means: ["host-memory", "The system refused PostgreSQL {requested} for its memory context {reason}."],
    },
    {
      text: "<<ERROR: >>out of memory {any:200}DETAIL: Failed on request of size {whole:requestedBytes}",
      means: ["host-memory", "The system refused PostgreSQL {requested}."],
    },
    {
      text: "<<ERROR: >>out of memory {any:200}DETAIL: Cannot enlarge string buffer containing {whole:allocatedBytes} bytes by {whole:requestedBytes} more bytes",
      means: ["own-limit", "A string grew beyond the 1 GB that PostgreSQL allows for one value."],
    },
    {
      text: '<<53200: >><<out of memory {any:60}>>Failed on request of size {whole:requestedBytes} in memory context "{text:reason}"',
      means: ["host-memory", "The system refused PostgreSQL {requested} for its memory context {reason}."],
    },
    {
      text: 'out of memory] severity: {any:60}detail: \'Failed on request of size {whole:requestedBytes}<< in memory context "{text:reason}">>',
      means: [
        "host-memory",
        "The system refused PostgreSQL {requested}[[ for its memory context {reason}]].",
      ],
    },
    {
      text: "invalid memory alloc request size {whole:requestedBytes}",
      means: [
        "own-limit",
        "One value asked for {requested}; PostgreSQL allows 1 GB. Damaged data reads like this too.",
      ],
    },
    {
      text: "out of shared memory",
      means: ["own-limit", "PostgreSQL's table of locks is full."],
      stands: "free",
      when: (view, { index }) => /max_locks|HINT|max_pred/.test(view.text.slice(index, index + 300)),
    },
    {
      text: 'could not resize shared memory segment "{word:_segment}" to {whole:requestedBytes} bytes: No space left on device',
      means: [
        "shared-memory",
        "PostgreSQL could not grow a segment in /dev/shm to {requested}: a parallel query met the size of that file system.",
      ],
    },
    {
      text: "server process (PID {whole:pid}) was terminated by signal 9: Killed",
      means: [
        "killed",
        "Process {pid} of PostgreSQL was killed with signal 9, most often by the kernel's OOM killer; the server restarts all sessions.",
      ],
      certainty: "likely",
    },
    {
      text: "could not fork {text:_process}: Cannot allocate memory",
      means: ["host-memory", "The system gave PostgreSQL no memory for one more process."],
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["shared-memory"],
      do: "Give the container a larger /dev/shm",
      paste: "docker run --shm-size=1g postgres   (shm_size: 1g in a compose file)",
    },
    {
      for: ["shared-memory"],
      do: "Or let a query use fewer parallel workers",
      paste: "ALTER SYSTEM SET max_parallel_workers_per_gather = 0;",
    },
    {
      for: ["own-limit"],
      when: ({ record }) => record.requestedBytes !== null,
      do: "Read or write the value in pieces: one field holds 1 GB at most",
      paste: "SELECT ctid, pg_column_size(big) FROM t ORDER BY 2 DESC LIMIT 5;",
      why: "If none is that large, the row or the index is damaged: REINDEX, and restore the row from a backup.",
    },
    {
      for: ["own-limit"],
      when: ({ record }) => record.requestedBytes === null,
      do: "Raise the table of locks (needs a restart), or touch fewer tables in one transaction",
      paste: "ALTER SYSTEM SET max_locks_per_transaction = 256;",
    },
    {
      for: ["host-memory", "killed"],
      do: "Lower work_mem: each sort and hash of each session may take as much, and hash joins twice",
      paste: "ALTER SYSTEM SET work_mem = '16MB'; SELECT pg_reload_conf();",
    },
    {
      for: ["host-memory", "killed"],
      do: "Let fewer sessions connect at once (a pooler such as pgbouncer)",
      paste: "ALTER SYSTEM SET max_connections = 100;",
    },
    {
      for: ["host-memory", "killed"],
      do: "Let the kernel refuse instead of killing, so that one query fails and not the server",
      paste: "sysctl -w vm.overcommit_memory=2",
    },
  ],
};

export const mysql: SpokenFramework = {
  name: "mysql",
  title: "MySQL",
  memory: "host",
  messages: [
    {
      text: "Out of memory (Needed {whole:requestedBytes} bytes)",
      means: ["host-memory", "The system refused MySQL {requested}."],
    },
    {
      text: "InnoDB: Cannot allocate memory for the buffer pool",
      means: ["host-memory", "The machine has not enough memory for MySQL's buffer pool."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Lower the buffer pool", paste: "innodb_buffer_pool_size = 1G" },
    {
      do: "Lower what each connection may take",
      paste: "max_connections = 100\nsort_buffer_size = 256K\njoin_buffer_size = 256K",
    },
  ],
};

export const redis: SpokenFramework = {
  name: "redis",
  title: "Redis",
  memory: "host",
  messages: [
    {
      text: "OOM command not allowed when used memory > 'maxmemory'",
      means: [
        "own-limit",
        "Redis holds as much as its maxmemory allows, and refuses commands that may add to it.",
      ],
      stands: "free",
    },
    {
      text: "Can't save in background: fork: Cannot allocate memory",
      means: ["host-memory", "The kernel gave Redis no memory for the copy that saves it in the background."],
      stands: "free",
    },
    {
      text: "Out Of Memory allocating {whole:requestedBytes} bytes",
      means: ["host-memory", "The system refused Redis {requested}."],
    },
    {
      text: "zmalloc: Out of memory trying to allocate {whole:requestedBytes} bytes",
      means: ["host-memory", "The system refused Redis {requested}."],
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "Let the kernel promise more than there is: the copy shares its pages",
      paste: "sysctl -w vm.overcommit_memory=1",
    },
    {
      for: ["own-limit"],
      do: "Raise maxmemory, if the machine has it",
      paste: "redis-cli CONFIG SET maxmemory 4gb",
    },
    {
      for: ["own-limit"],
      do: "Or let Redis evict keys when it is full (for a cache only: data is lost)",
      paste: "redis-cli CONFIG SET maxmemory-policy allkeys-lru",
    },
    { do: "See which keys are large", paste: "redis-cli --memkeys" },
  ],
};

export const clickhouse: SpokenFramework = {
  name: "clickhouse",
  title: "ClickHouse",
  memory: "host",
  messages: [
    {
      text: "Memory limit<< (for query)||(for user)||(total)||(for background tasks)||>> exceeded: would use {size:wantedBytes} (attempt to allocate chunk of {whole:requestedBytes}<< bytes>>), <<current RSS {size:processInUseBytes}, >>maximum: {size:limitBytes}",
      means: ["own-limit", "The query would have used {wanted}, and ClickHouse allows {limit}."],
    },
    {
      text: "emory limit exceeded: would use {size:wantedBytes} (attempt to allocate chunk of {size:requestedBytes}), <<current RSS<<:>> {size:processInUseBytes}, >>maximum: {size:limitBytes}",
      means: ["own-limit", "{wanted} would have been in use, and ClickHouse allows {limit}."],
    },
    {
      text: "(MEMORY_LIMIT_EXCEEDED)",
      means: ["own-limit", "A memory limit of ClickHouse was met."],
      stands: "free",
      when: (view, { index }) =>
        /Code:241|DB::Exception/.test(view.text.slice(Math.max(0, index - 600), index)),
    },
  ],
  advice: [
    {
      do: "Let large sorts and groupings use the disk",
      paste:
        "SET max_bytes_before_external_group_by = 10000000000, max_bytes_before_external_sort = 10000000000;",
      why: "Half of max_memory_usage is a usual value.",
    },
    {
      when: ({ record: { details } }) => !/total/.test(details.reason ?? ""),
      do: "Raise the limit of the query, or of the server if the text says (total)",
      paste: "SET max_memory_usage = 20000000000;   (max_server_memory_usage in config.xml)",
    },
    {
      do: "Run with fewer threads, or smaller blocks",
      paste: "SET max_threads = 4, max_block_size = 16384;",
    },
  ],
};

export const elasticsearch: SpokenFramework = {
  name: "elasticsearch",
  title: "Elasticsearch",
  memory: "host",
  messages: [
    {
      // The heap is over the limit already, and this request asked for nothing.
      text: "] Data too large, data for [{any:120}] would be [{whole:wantedBytes}/{any:12}], which is larger than the limit of [{whole:limitBytes}/{any:12}], real usage: [{whole:processInUseBytes}/{any:12}], new bytes reserved: [0/0b]",
      means: [
        "own-limit",
        "A circuit breaker of Elasticsearch refused a request: the heap holds {used} already, above its limit of {limit}.",
      ],
    },
    {
      text: "] Data too large, data for [{any:120}] would be [{whole:wantedBytes}/{any:12}], which is larger than the limit of [{whole:limitBytes}/{any:12}], real usage: [{whole:processInUseBytes}/{any:12}], new bytes reserved: [{whole:requestedBytes}/",
      means: [
        "own-limit",
        "A circuit breaker of Elasticsearch refused a request for {requested}: the heap would have held {wanted}, above its limit of {limit}.",
      ],
    },
    {
      text: "] Data too large, data for [{any:120}] would be [{whole:wantedBytes}/{any:12}], which is larger than the limit of [{whole:limitBytes}/",
      means: [
        "own-limit",
        "A circuit breaker of Elasticsearch refused a request: the heap would have held {wanted}, above its limit of {limit}.",
      ],
    },
    {
      text: "Data too large, data for {any:120} would be larger than limit of [{whole:limitBytes}/",
      means: [
        "own-limit",
        "A circuit breaker of Elasticsearch refused a request: the heap would have gone above its limit of {limit}.",
      ],
    },
  ],
  advice: [
    {
      do: "Give the heap more memory: half of the machine's at most, and below 31g",
      paste: ({ record: { details } }) => {
        // The largest breaker is 95 % of the heap, so the heap has about as much as the limit.
        const gigabytes = Math.min(31, Math.max(4, Math.ceil((1.5 * (details.limitBytes ?? 0)) / 2 ** 30)));
        return `ES_JAVA_OPTS="-Xms${gigabytes}g -Xmx${gigabytes}g"`;
      },
      why: "The parent breaker trips at 95 % of the heap in use.",
    },
    { do: "Send smaller bulk requests, ask for fewer buckets, or fewer shards at once" },
    { do: "See which breaker holds what", paste: "curl localhost:9200/_nodes/stats/breaker?pretty" },
  ],
};

export const mongodb: SpokenFramework = {
  name: "mongodb",
  title: "MongoDB",
  memory: "host",
  messages: [
    {
      text: "Sort exceeded memory limit of {whole:limitBytes} bytes, but did not opt in to external sorting",
      means: ["own-limit", "A sort met MongoDB's limit of {limit} for one stage."],
    },
    {
      text: "Used too much memory for a single array. Memory limit: {whole:limitBytes}",
      means: [
        "own-limit",
        "One array of a stage met MongoDB's limit of {limit}, which the disk does not help.",
      ],
    },
    {
      text: "used too much memory and cannot spill to disk. Memory limit: {whole:limitBytes}",
      means: ["own-limit", "A stage met MongoDB's limit of {limit}, and cannot go on from the disk."],
    },
    {
      text: "Exceeded memory limit for {word:reason}, but didn't allow external",
      means: ["own-limit", "The stage {reason} met MongoDB's limit for one stage."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Let the stage use the disk", paste: "{ allowDiskUse: true }" },
    {
      do: "Better, give the sort an index, or put $match and $limit before it",
      paste: "db.COLLECTION.createIndex({ FIELD: 1 })",
    },
  ],
};

export const duckdb: SpokenFramework = {
  name: "duckdb",
  title: "DuckDB",
  memory: "host",
  messages: [
    {
      text: "Out of Memory Error: failed to <<allocate data||pin block>> of size {size:requestedBytes} ({size:allocatedBytes}/{size:limitBytes} used)",
      means: [
        "own-limit",
        "DuckDB holds {allocated} of the {limit} that it may use, and {requested} more did not fit.",
      ],
    },
    {
      text: "Out of Memory Error: <<Failed to||could not>> allocate block of {whole:requestedBytes} bytes",
      means: ["host-memory", "The system refused DuckDB a block of {requested}."],
    },
    {
      text: "Out of Memory Error: could not allocate block of size {size:requestedBytes} ({size:allocatedBytes}/{size:limitBytes} used)",
      means: [
        "own-limit",
        "DuckDB holds {allocated} of the {limit} that it may use, and {requested} more did not fit.",
      ],
    },
  ],
  advice: [
    {
      for: ["own-limit"],
      do: "Raise the limit, if the machine has the memory",
      paste: "SET memory_limit = '8GB';",
      why: "The default is 80 % of the machine's memory.",
    },
    {
      do: "Let it spill to disk, and work with fewer threads",
      paste: "SET temp_directory = '/tmp/duckdb'; SET threads = 4; SET preserve_insertion_order = false;",
    },
  ],
};

export const trino: SpokenFramework = {
  name: "trino",
  title: "Trino or Presto",
  memory: "host",
  messages: [
    {
      text: "Query exceeded <<per-node||distributed>> <<user ||total ||>>memory limit of {size:limitBytes} [Allocated: {size:allocatedBytes}, Delta: {size:requestedBytes}",
      means: [
        "own-limit",
        "The query held {allocated} on one node and wanted {requested} more; the limit is {limit}.",
      ],
    },
    {
      text: "Query exceeded <<per-node||distributed>> <<user ||total ||>>memory limit of {size:limitBytes}",
      means: ["own-limit", "The query met its limit of {limit}."],
    },
    {
      text: "Query killed because the cluster is out of memory",
      means: ["own-limit", "All memory of the cluster was in use, and Trino killed a query."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Raise the limit of a query, within the JVM's heap",
      paste: "query.max-memory-per-node=20GB",
      why: "Heap headroom (memory.heap-headroom-per-node) and this must fit into -Xmx together.",
    },
    {
      do: "Let joins and groupings spill to disk",
      paste: "spill-enabled=true\nspiller-spill-path=/mnt/spill",
    },
    {
      do: "Look at the operators under Top Consumers: a join with the larger table on the wrong side is the usual one",
    },
  ],
};

export const arrow: SpokenFramework = {
  name: "arrow",
  title: "Apache Arrow",
  memory: "host",
  messages: [
    {
      text: "<<malloc||realloc>> of size {whole:requestedBytes} failed",
      means: ["host-memory", "The system refused Apache Arrow {requested} in one piece."],
      needles: [{ text: "alloc of size", then: ["#"] }],
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "Read fewer columns and rows at once",
      paste: 'for batch in pyarrow.parquet.ParquetFile("FILE").iter_batches(columns=[...]): ...',
    },
    {
      for: ["absurd-request"],
      do: "A size that no machine has means a damaged file, or one written by another version: write it anew",
    },
  ],
};
