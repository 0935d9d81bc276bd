import { readdirSync, readlinkSync } from "node:fs";
import { readText } from "./kernel-file.js";

/** A TCP socket as `/proc/PID/net/tcp` tells it. */
export interface TcpSocket {
  address: string;
  port: number;
  state: "listen" | "established" | "other";
  /** 0 for a connection that the program has not accepted yet. */
  inode: number;
}

/** The inodes of the sockets that a process holds; empty if its descriptors cannot be read. */
export function socketInodes(pid: number): Set<number> {
  const inodes = new Set<number>();
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return inodes;
  }
  for (const name of names) {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`)) ?? [];
    if (inode !== undefined) inodes.add(Number(inode));
  }
  return inodes;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

const STATES: Partial<Record<string, TcpSocket["state"]>> = { "01": "established", "0A": "listen" };

/** The TCP sockets in the network namespace of a process, whoever holds them. */
export function tcpSockets(pid: number): TcpSocket[] {
  return ["tcp", "tcp6"].flatMap((table) =>
    (readText(`/proc/${pid}/net/${table}`) ?? "")
      .split("\n")
      .slice(1)
      .flatMap((line): TcpSocket[] => {
        const fields = line.trim().split(/\s+/);
        const [address = "", port = ""] = fields[1]?.split(":") ?? [];
        const inode = Number(fields[9]);
        if (port === "" || Number.isNaN(inode)) return [];
        return [
          {
            address: addressOf(address),
            port: parseInt(port, 16),
            state: STATES[fields[3] ?? ""] ?? "other",
            inode,
          },
        ];
      }),
  );
}

/** The sockets on which a process listens. */
export function listeningSockets(pid: number): TcpSocket[] {
  const inodes = socketInodes(pid);
  if (inodes.size === 0) return [];
  return tcpSockets(pid).filter(({ state, inode }) => state === "listen" && inodes.has(inode));
}

/** Paths of the Unix sockets on which a process listens. */
export function listeningPaths(pid: number): string[] {
  const inodes = socketInodes(pid);
  const ACCEPTS = 0x10000;
  return (readText(`/proc/${pid}/net/unix`) ?? "")
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, , , flags = "", , , inode = "", path] = line.trim().split(/\s+/);
      const listens = (parseInt(flags, 16) & ACCEPTS) !== 0;
      return listens && path !== undefined && inodes.has(Number(inode)) ? [path] : [];
    });
}

/** The kernel prints an address as words of 32 bits in the order of the machine, which is little-endian. */
function addressOf(digits: string): string {
  const bytes = (digits.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((pair) => parseInt(pair, 16)).reverse(),
  );
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const text = words.join(":");
  return (
    new Map([
      ["0:0:0:0:0:0:0:0", "::"],
      ["0:0:0:0:0:0:0:1", "::1"],
    ]).get(text) ?? text
  );
}
