import { decodeMessage, encodeMessage } from "./codec.js";

/** One socket after the other, as events of a ReplicaMachine: `connected`, `received`, `undecodable`, `disconnected` once for every `open`. */
export class Connection {
  /** Tells a socket's callbacks from those of the one before it; counts them, too. */
  generation = 0;
  #socket = null;

  /** @param {Function} WebSocketClass @param {string} url of the server @param {string} workflow @param {(event: object) => void} heard */
  constructor(WebSocketClass, url, workflow, heard) {
    const address = new URL(`/api/v1/workflows/${encodeURIComponent(workflow)}/live`, url);
    address.protocol = address.protocol.replace("http", "ws");
    this.address = address.href;
    this.WebSocketClass = WebSocketClass;
    this.heard = heard;
  }

  open() {
    this.generation += 1;
    const mine = this.generation;
    const isMine = () => mine === this.generation;
    let socket;
    try {
      socket = new this.WebSocketClass(this.address, ["thaiyyal.v1.json"]);
    } catch (error) {
      this.heard({ type: "disconnected", code: 1006, reason: error.message });
      return;
    }
    this.#socket = socket;
    socket.onopen = () => { if (isMine()) this.heard({ type: "connected" }); };
    socket.onmessage = ({ data }) => { if (isMine()) this.#receive(data); };
    // The close event follows and says all there is to say.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }) => {
      if (!isMine()) return;
      this.#socket = null;
      this.heard({ type: "disconnected", code: code === 1005 ? 1006 : code, reason: reason ?? "" });
    };
  }

  send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(encodeMessage("ClientMessage", message));
  }

  /** Who does not answer is not waited for. */
  close(code, reason) {
    const socket = this.#socket;
    this.generation += 1;
    this.#socket = null;
    // Programs in a browser may send 1000 and their own codes only.
    if (code === 1000) socket?.close(1000, reason.slice(0, 40));
    else socket?.close();
    this.heard({ type: "disconnected", code: 1006, reason });
  }

  #receive(data) {
    let message;
    try {
      message = decodeMessage("ServerMessage", data);
    } catch (error) {
      this.heard({ type: "undecodable", text: error.message });
      return;
    }
    this.heard({ type: "received", message });
  }
}
