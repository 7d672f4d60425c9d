// A WebSocket (RFC 6455) for Node.js versions that have none: as much of the browser's as CollabClient needs. Text messages, no extensions.
import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const messageBytesMax = 256 * 2 ** 20;
const closeMilliseconds = 3000;
const opcodes = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export class NodeWebSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  /** A class whose sockets have these options of `https.request`, such as `{ca}` or `{rejectUnauthorized: false}`. */
  static with(requestOptions) {
    return class extends NodeWebSocket {
      constructor(url, protocols) {
        super(url, protocols, requestOptions);
      }
    };
  }

  #socket = null;
  #request;
  #received = Buffer.alloc(0);
  #parts = [];
  #partBytes = 0;
  #closeTimer = null;

  constructor(url, protocols = [], requestOptions = {}) {
    this.url = String(url);
    this.protocol = "";
    this.readyState = NodeWebSocket.CONNECTING;
    this.onopen = this.onmessage = this.onclose = this.onerror = null;
    const key = randomBytes(16).toString("base64");
    const address = new URL(this.url);
    const isSecure = address.protocol === "wss:";
    address.protocol = isSecure ? "https:" : "http:";
    this.#request = (isSecure ? httpsRequest : httpRequest)(address, {
      ...requestOptions,
      headers: {
        connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": key,
        ...(protocols.length > 0 ? { "sec-websocket-protocol": [].concat(protocols).join(", ") } : {}),
      },
    });
    this.#request.on("upgrade", (response, socket, head) => this.#upgraded(response, socket, head, key));
    this.#request.on("response", (response) => {
      response.resume();
      this.#ended(1006, `the server answered ${response.statusCode}`);
    });
    this.#request.on("error", (error) => this.#ended(1006, error.message));
    this.#request.end();
  }

  send(text) {
    if (this.readyState === NodeWebSocket.OPEN) this.#write(opcodes.text, Buffer.from(text));
  }

  close(code, reason = "") {
    if (this.readyState >= NodeWebSocket.CLOSING) return;
    const wasOpen = this.readyState === NodeWebSocket.OPEN;
    this.readyState = NodeWebSocket.CLOSING;
    if (!wasOpen) {
      this.#request.destroy();
      this.#ended(1006, "given up");
      return;
    }
    this.#writeClose(code, reason);
    // Who does not answer is not waited for.
    this.#closeTimer = setTimeout(() => this.#ended(1006, "no closing handshake"), closeMilliseconds);
    this.#closeTimer.unref();
  }

  #upgraded(response, socket, head, key) {
    const expected = createHash("sha1").update(key + guid).digest("base64");
    if (response.headers["sec-websocket-accept"] !== expected) {
      socket.destroy();
      this.#ended(1006, "no WebSocket answer");
      return;
    }
    if (this.readyState !== NodeWebSocket.CONNECTING) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.protocol = response.headers["sec-websocket-protocol"] ?? "";
    this.readyState = NodeWebSocket.OPEN;
    socket.setNoDelay(true);
    socket.on("data", (data) => this.#take(data));
    socket.on("close", () => this.#ended(1006, "the connection was lost"));
    socket.on("error", () => {});
    this.onopen?.({ type: "open" });
    if (head.length > 0) this.#take(head);
  }

  #take(data) {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    for (;;) {
      const frame = this.#nextFrame();
      if (!frame) return;
      this.#handle(frame);
    }
  }

  #nextFrame() {
    const bytes = this.#received;
    if (bytes.length < 2 || this.readyState === NodeWebSocket.CLOSED) return null;
    const short = bytes[1] & 0x7f;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < head) return null;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (length > messageBytesMax || bytes[1] & 0x80 || bytes[0] & 0x70) {
      this.#fail(1002, "a frame that is none");
      return null;
    }
    if (bytes.length < head + length) return null;
    this.#received = bytes.subarray(head + length);
    return { isLast: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 0x0f, payload: bytes.subarray(head, head + length) };
  }

  #handle({ isLast, opcode, payload }) {
    if (opcode === opcodes.ping) this.#write(opcodes.pong, payload);
    else if (opcode === opcodes.close) this.#peerCloses(payload);
    else if (opcode === opcodes.text || opcode === opcodes.more) {
      this.#parts.push(payload);
      this.#partBytes += payload.length;
      if (this.#partBytes > messageBytesMax) this.#fail(1009, "a message too big");
      else if (isLast) this.#message();
    } else if (opcode === opcodes.binary) this.#fail(1003, "no binary messages");
  }

  #message() {
    const data = Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    this.#partBytes = 0;
    if (this.readyState === NodeWebSocket.OPEN) this.onmessage?.({ type: "message", data });
  }

  #peerCloses(payload) {
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    const reason = payload.subarray(2).toString("utf8");
    if (this.readyState === NodeWebSocket.OPEN) this.#writeClose(code === 1005 ? undefined : code, "");
    this.#ended(code, reason);
  }

  #fail(code, reason) {
    this.#writeClose(code, reason);
    this.#ended(code, reason);
  }

  #writeClose(code, reason) {
    if (code === undefined) return this.#write(opcodes.close, Buffer.alloc(0));
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code, 0);
    payload.write(reason, 2);
    return this.#write(opcodes.close, payload);
  }

  #write(opcode, payload) {
    const long = payload.length > 0xffff ? 8 : payload.length > 125 ? 2 : 0;
    const head = Buffer.alloc(6 + long);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (long === 8 ? 127 : long === 2 ? 126 : payload.length);
    if (long === 2) head.writeUInt16BE(payload.length, 2);
    if (long === 8) head.writeBigUInt64BE(BigInt(payload.length), 2);
    const mask = randomBytes(4);
    mask.copy(head, 2 + long);
    const masked = Buffer.from(payload);
    for (let at = 0; at < masked.length; at += 1) masked[at] ^= mask[at & 3];
    this.#socket?.write(Buffer.concat([head, masked]));
  }

  #ended(code, reason) {
    if (this.readyState === NodeWebSocket.CLOSED) return;
    const wasConnecting = this.#socket === null;
    this.readyState = NodeWebSocket.CLOSED;
    clearTimeout(this.#closeTimer);
    this.#socket?.end();
    this.#socket?.unref();
    if (wasConnecting) this.onerror?.({ type: "error" });
    this.onclose?.({ type: "close", code, reason, wasClean: code !== 1006 });
  }
}
