import { importModule } from "../../../experiment/import-module.js";
import type { Dialer } from "./connection.js";

interface UserClient {
  connect: (index: number, target: { host: string; port: number; path: string }) => unknown;
  message?: (connection: unknown, text: string) => unknown;
  close?: (connection: unknown) => unknown;
}

/** A module of the user's that opens and closes connections. `file` is its name for the user. */
export async function userDialer(url: string, file: string): Promise<Dialer> {
  const module = (await importModule(url)) as { default?: object };
  const client = { ...module.default, ...module } as Partial<UserClient>;
  const { connect, message, close } = client;
  if (typeof connect !== "function")
    throw new Error(`${file} exports no function connect(index, { host, port, path })`);
  return {
    async connect(target, index) {
      const connection = await connect(index, { ...target });
      let open = true;
      return {
        async talk(text) {
          if (typeof message !== "function")
            throw new Error(`${file} exports no function message(connection, text), which --messages calls`);
          await message(connection, text);
        },
        isOpen: () => open,
        async close() {
          open = false;
          if (typeof close === "function") await close(connection);
          else await closeAnything(connection);
        },
      };
    },
  };
}

/** Sockets, streams and clients of all kinds have one of these. */
async function closeAnything(connection: unknown): Promise<void> {
  for (const name of ["close", "end", "disconnect", "destroy"]) {
    const method = (connection as Record<string, unknown> | undefined)?.[name];
    if (typeof method !== "function") continue;
    await (method as () => unknown).call(connection);
    return;
  }
}
