/** The part of the package `ws` that is used here; it has no types of its own. */
declare module "ws" {
  export default class WebSocket {
    constructor(url: string, options?: { perMessageDeflate?: boolean; maxPayload?: number });
    on(event: "open" | "close", listener: () => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "message", listener: (data: Buffer) => void): this;
    send(text: string): void;
    close(): void;
    terminate(): void;
  }
}
