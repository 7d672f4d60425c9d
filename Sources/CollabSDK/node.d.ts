import type { WebSocketClass } from "./index.js";

/** A WebSocket for Node.js versions that have none. Text messages, no extensions. */
export declare class NodeWebSocket {
  constructor(url: string, protocols?: string | string[], requestOptions?: object);
  /** A class whose sockets have these options of `https.request`, such as `{ca}`. */
  static with(requestOptions: object): WebSocketClass;
  readonly url: string;
  readonly protocol: string;
  readyState: number;
  onopen: any;
  onmessage: any;
  onclose: any;
  onerror: any;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
