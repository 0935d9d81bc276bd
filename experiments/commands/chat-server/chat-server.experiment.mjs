/**
 * Measures a chat server that uses the package `ws`, as a whole and from outside: npx bytesper run
 * experiments/commands/chat-server/chat-server.experiment.mjs
 */
export default {
  name: "chat-server",
  title: "WebSocket chat server",
  question:
    "How many bytes does one connection of a chat server on ws cost, seen from inside and from outside, and what does compression add?",
  unit: "connection",
  factors: { compression: ["off", "on"], connections: [100, 200, 400, 800] },
  population: "connections",
  repetitions: 3,
  caps: { memory: "2 GiB", time: "60 s" },
  command: [
    // Otherwise V8's young generation would grow with the traffic in steps of MiB, which would look like a cost of
    // connections.
    ...["node", "--expose-gc", "--max-semi-space-size=1"],
    ...["server.mjs", "clients.mjs", "{connections}", "{compression}", "{seed}"],
  ],
  requires: ["connections", "insideBytes"],
  table: {
    title: "A chat server with all clients connected, at rest",
    columns: [
      { title: "compression", from: "factors.compression" },
      { title: "connections", from: "factors.connections" },
      { title: "outcome", from: "outcome" },
      { title: "connected", from: "readings.connections" },
      { title: "messages delivered", from: "readings.delivered" },
      { title: "inside: live heap and external", from: "readings.insideBytes", unit: "MiB" },
      { title: "live heap", from: "readings.heapUsedBytes", unit: "MiB" },
      { title: "pages of the heap", from: "readings.heapTotalBytes", unit: "MiB" },
      { title: "external", from: "readings.externalBytes", unit: "MiB" },
      { title: "outside: PSS of the server", from: "readings.mainPssBytes", unit: "MiB" },
      { title: "anonymous pages of the server", from: "readings.anonymousBytes", unit: "MiB" },
      { title: "PSS with the clients", from: "readings.pssBytes", unit: "MiB" },
      { title: "kernel memory of both", from: "readings.kernelBytes", unit: "MiB" },
      { title: "socket buffers of both", from: "readings.socketBytes", unit: "MiB" },
      { title: "peak of both", from: "readings.peakBytes", unit: "MiB" },
    ],
    notes: [
      "Every client has joined a room of 10 and has got 5 messages of 100 characters from each of its members; then garbage is collected until two readings agree, and nothing is sent any more.",
      "Inside is what process.memoryUsage() says: heapUsed and external. Outside is what the kernel says of the process: its PSS, where the pages of Node's program are shared by all Node processes of the machine and move as these come and go, and its anonymous pages, where they are left out.",
      "Outside is more because V8 keeps pages that live objects fill in part (pages of the heap), because malloc keeps what was freed in between, and because process.memoryUsage() does not know what malloc gave to libuv's handles, to Node's C++ objects and above all to zlib: the windows and tables of a compressed connection.",
      "Sockets are in neither reading: the kernel holds them, and their buffers, which are empty at rest. The columns on the right read what it charges to the cell's group; where that does not count buffers (cgroup v1), they are those of all processes in the network namespace.",
      "V8's young generation is held at 1 MiB (--max-semi-space-size=1). Without it the process grew by up to 12 MiB more under the traffic of 800 connections and did not give it back.",
    ],
  },
};
