import { SnapshotAssembly } from "./assembly.js";
import { ClientError } from "./options.js";

/**
 * What a client asked about the past and has no answer to yet, and the named versions [HI1, HI3, HI4].
 *
 * A question belongs to one connection: when that ends, it fails with `UNAVAILABLE`, and may be asked again.
 */
export class Past {
  /** By the request's number. @type {Map<number, {resolve: Function, reject: Function, assembly: SnapshotAssembly | null}>} */
  #open = new Map();
  /** As the server told them last; null before it told them. */
  versions = null;

  /** Errors say by their number what they answer: runs are numbered from 1. */
  #nextRequest = 2 ** 40;

  /**
   * @param {import("./client.js").CollabClient} client
   * @param {(message: object) => void} send
   * @param {() => number} bytesMax of a state
   */
  constructor(client, send, bytesMax) {
    this.client = client;
    this.send = send;
    this.bytesMax = bytesMax;
  }

  async ask(kind, body) {
    await this.client.live();
    return new Promise((resolve, reject) => {
      const request = this.#nextRequest++;
      this.#open.set(request, { resolve, reject, assembly: kind === "stateAt" ? new SnapshotAssembly(this.bytesMax()) : null });
      this.send({ [kind]: { ...body, request } });
    });
  }

  /** @returns {boolean} whether it concerns nobody else */
  take(notice) {
    switch (notice.type) {
      case "history": this.#answer(notice.page.request, () => plainPage(notice.page)); return true;
      case "state": this.#takeChunk(notice.chunk); return true;
      case "versions": this.#takeVersions(notice.list); return true;
      case "error": this.#fail(notice.error.request, new ClientError(notice.error.code, notice.error.text)); return false;
      case "link": if (["offline", "waitingForToken", "stopped"].includes(notice.link.state)) this.#failAll(notice.link); return false;
      default: return false;
    }
  }

  #takeVersions({ request, versions, named }) {
    this.versions = versions.map(plainVersion);
    this.#answer(request, () => (named === "" ? this.versions : this.versions.find(({ id }) => id === named) ?? null));
    this.client.emit("versions", { versions: this.versions });
  }

  #takeChunk({ request, snapshot }) {
    const entry = this.#open.get(Number(request));
    if (!entry?.assembly || !snapshot) return;
    try {
      const whole = entry.assembly.add(snapshot);
      if (whole) this.#answer(request, () => whole);
    } catch (error) {
      this.#fail(request, error);
    }
  }

  #answer(request, value) {
    const entry = this.#open.get(Number(request));
    if (!entry) return;
    this.#open.delete(Number(request));
    entry.resolve(value());
  }

  #fail(request, error) {
    const entry = this.#open.get(Number(request));
    this.#open.delete(Number(request));
    entry?.reject(error);
  }

  #failAll({ state, text }) {
    const error = state === "stopped" ? new ClientError("STOPPED", text) : new ClientError("UNAVAILABLE", "the connection was lost");
    for (const request of [...this.#open.keys()]) this.#fail(request, error);
  }
}

const plainPage = ({ entries, nextBefore, floor, position }) => ({
  entries: entries.map(({ effects, ...entry }) => ({
    ...entry, firstPosition: Number(entry.firstPosition), position: Number(entry.position), fromMilliseconds: Number(entry.fromMilliseconds),
    throughMilliseconds: Number(entry.throughMilliseconds), effects: effects.filter(({ kind }) => kind !== ""),
  })),
  nextBefore: Number(nextBefore), floor: Number(floor), position: Number(position),
});

const plainVersion = (version) => ({ ...version, position: Number(version.position), namedAtMilliseconds: Number(version.namedAtMilliseconds) });

/**
 * A line of the timeline in words: `Ada moved 3 nodes, set url of http1`.
 * @param {{author: {name: string} | null, effects: {kind: string, count: number, names: string[], fields: string[]}[]}} entry
 * @param {(node: string) => string} name what people call a node
 */
export function historySentence({ author, effects }, name = (node) => node) {
  const parts = effects.map((effect) => phrases[effect.kind]?.(effect, name)).filter((part) => part !== undefined);
  return `${author?.name ?? ""} ${parts.length === 0 ? "changed something and changed it back" : parts.join(", ")}`;
}

const counted = ({ count }, noun) => (count === 1 ? `a ${noun}` : `${count} ${noun}s`);
const things = (effect, noun, name) => (effect.count === 1 && effect.names.length > 0 ? name(effect.names[0]) : counted(effect, noun));
const settings = ({ fields }) =>
  (fields.length >= 1 && fields.length <= 3 ? fields.map((field) => (field.startsWith("data.") ? field.slice(5) : field)).join(", ") : "settings");
const nodes = (verb) => (effect, name) => `${verb} ${things(effect, "node", name)}`;
const edges = (verb) => (effect) => `${verb} ${things(effect, "edge", (edge) => edge)}`;
const comments = (verb) => (effect) => `${verb} ${counted(effect, "comment")}`;

const phrases = {
  NODES_ADDED: nodes("added"), NODES_REMOVED: nodes("removed"), NODES_MOVED: nodes("moved"),
  NODES_CONFIGURED: (effect, name) => `set ${settings(effect)} of ${things(effect, "node", name)}`,
  NODES_RELABELLED: nodes("renamed"), NODES_ARRANGED: nodes("changed the look of"),
  EDGES_ADDED: edges("connected"), EDGES_REMOVED: edges("disconnected"), EDGES_CHANGED: edges("changed"),
  WORKFLOW_CHANGED: (effect) => `set ${settings(effect)} of the workflow`,
  COMMENTS_ADDED: comments("wrote"), COMMENTS_REMOVED: comments("removed"), COMMENTS_CHANGED: comments("changed"),
};
