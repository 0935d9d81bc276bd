/** The part of the package `ws` that is used here; it has no types of its own. */
declare module "ws" {
  export default class WebSocket {
    static readonly OPEN: number;
    static readonly CLOSED: number;
    readonly readyState: number;
    constructor(
      url: string,
      options?: {
        perMessageDeflate?: boolean;
        maxPayload?: number;
        handshakeTimeout?: number;
        localAddress?: string;
      },
    );
    on(event: "open" | "close", listener: () => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "message", listener: (data: Buffer) => void): this;
    once(event: "open" | "close" | "message", listener: () => void): this;
    send(text: string): void;
    close(): void;
    terminate(): void;
  }
}
