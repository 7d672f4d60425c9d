import { fromJSONText, jsonFault, stringFrom } from "./json.js";
import { firstStamp } from "./stamp.js";
import { recordBytes, registerBytes } from "./state.js";
import { edgeName, edgeText, hasLoneSurrogate, utf8Length } from "./text.js";

/** How large a document and a change may grow; the welcome's limits take the place of some [LM1]. */
export const documentLimits = Object.freeze({
  nodesMax: 20_000, edgesMax: 50_000, documentBytesMax: 64 * 2 ** 20, valueBytesMax: 256 * 2 ** 10, opsPerChangeMax: 4096, idBytesMax: 256,
  fieldsMax: 1024, tagsMax: 64,
});

/** Of one person's canvas, never in the document [DO3]. */
const ephemeral = new Set(["selected", "dragging", "resizing", "measured", "positionAbsolute", "dragHandle", "data._executionData"]);
const noEdgeField = new Set(["source", "sourceHandle", "target", "targetHandle"]);
const noMetaField = new Set(["id", "nodes", "edges", "comments", "viewport"]);
const fieldBytesMax = 256;

/** Whether a node may have this field; likewise below. */
export const isNodeField = (field) => isWellFormed(field) && !ephemeral.has(field) && field !== "id";
export const isEdgeField = (field) => isWellFormed(field) && !ephemeral.has(field) && !noEdgeField.has(field);
export const isMetaField = (field) => isWellFormed(field) && !ephemeral.has(field) && !noMetaField.has(field);
export const isCommentField = (field) => isWellFormed(field) && field !== "id";

function isWellFormed(field) {
  const bytes = utf8Length(field);
  return bytes > 0 && bytes <= fieldBytesMax && field !== "data" && !hasLoneSurrogate(field);
}

/** Why a change is not taken: `code` is `INVALID`, `TOO_LARGE` or `LIMIT`, the text is for the person who made it. */
export class ChangeFault extends Error {
  constructor(code, text) {
    super(text);
    this.name = "ChangeFault";
    this.code = code;
  }
}

/**
 * Whether a well-behaved author could have made this change against the document, by the rules of the server.
 *
 * Growth is counted as if every op made something new, so a change close to a limit may be refused a little early. O(ops).
 * @param {import("./document.js").WorkflowDocument} document
 * @param {import("./change.js").Change} change
 * @param {Partial<typeof documentLimits>} limits
 * @returns {ChangeFault | null}
 */
export function checkChange(document, change, limits = {}) {
  return new Check(document, change, { ...documentLimits, ...limits }).run();
}

class Check {
  constructor(document, change, limits) {
    this.document = document;
    this.state = document.state;
    this.change = change;
    this.limits = limits;
    this.growth = { nodes: 0, edges: 0, bytes: 0 };
    this.newFields = new Map();
    this.newTags = new Map();
  }

  run() {
    const { change, limits, growth, document } = this;
    const { ops } = change;
    if (ops.length === 0) return invalid("The change has no ops.");
    if (ops.length > limits.opsPerChangeMax) {
      return tooLarge(`The change has ${ops.length} ops; at most ${limits.opsPerChangeMax} are taken.`);
    }
    if (change.replica === 0 || change.seq === 0 || change.hlc === 0n) return invalid("Replica, seq and hlc of a change start at 1.");
    const stamp = firstStamp(change);
    for (const [index, op] of ops.entries()) {
      stamp.index = index;
      const fault = this.#op(op, stamp);
      if (fault) return new ChangeFault(fault.code, `Op ${index}: ${fault.message}`);
    }
    if (growth.nodes > 0 && document.nodeCount + growth.nodes > limits.nodesMax) {
      return limit(`The workflow would have more than ${limits.nodesMax} nodes.`);
    }
    if (growth.edges > 0 && document.edgeCount + growth.edges > limits.edgesMax) {
      return limit(`The workflow would have more than ${limits.edgesMax} connections.`);
    }
    if (growth.bytes > 0 && document.byteCount + growth.bytes > limits.documentBytesMax) {
      return limit(`The workflow would take more than ${limits.documentBytesMax} bytes.`);
    }
    return null;
  }

  #op(op, stamp) {
    const { state, growth } = this;
    if (op.setNodeField) {
      const { node: id, field, value } = op.setNodeField;
      if (!isNodeField(field)) return badField(field, "a node");
      const node = state.nodes.get(id);
      const parent = field === "parentId" ? stringFrom(value) : null;
      if (parent !== null && !state.nodes.has(parent)) growth.bytes += recordBytes + utf8Length(parent);
      return this.#id(id, "node", !node) ?? shapeFault(field, value) ?? this.#value(value, field, `node ${id}`, node?.fields);
    }
    if (op.setNodeLife) {
      const { node: id, alive } = op.setNodeLife;
      const node = state.nodes.get(id);
      if (alive && !node?.isAlive) growth.nodes += 1;
      return this.#id(id, "node", !node);
    }
    if (op.addEdge) return this.#addEdge(op.addEdge.edge);
    if (op.removeEdge) {
      const before = growth.bytes;
      const fault = this.#edge(op.removeEdge.edge, false);
      growth.bytes = before;
      return fault ?? this.#tags(op.removeEdge, stamp);
    }
    if (op.setEdgeField) {
      const { edge: key, field, value } = op.setEdgeField;
      if (!isEdgeField(field)) return badField(field, "a connection");
      const edge = state.edges.get(edgeName(key));
      return this.#edge(key, !edge) ?? this.#value(value, field, `edge ${edgeName(key)}`, edge?.fields);
    }
    if (op.setMeta) {
      const { field, value } = op.setMeta;
      return isMetaField(field) ? this.#value(value, field, "meta", state.meta) : badField(field, "the workflow");
    }
    return this.#comment(op);
  }

  #comment(op) {
    const { comment: id } = op.setCommentLife ?? op.setCommentField ?? {};
    if (id === undefined) return invalid("The op is of no kind that is known.");
    const comment = this.state.comments.get(id);
    if (op.setCommentLife) return this.#id(id, "comment", !comment);
    const { field, value } = op.setCommentField;
    if (!isCommentField(field)) return badField(field, "a comment");
    return this.#id(id, "comment", !comment) ?? this.#value(value, field, `comment ${id}`, comment?.fields);
  }

  #addEdge(key) {
    const { limits, growth } = this;
    const name = edgeName(key);
    const edge = this.state.edges.get(name);
    const held = edge?.tags.length ?? 0;
    if (held === 0) growth.edges += 1;
    const added = (this.newTags.get(name) ?? 0) + 1;
    this.newTags.set(name, added);
    if (held + added > limits.tagsMax) return limit(`The connection ${edgeText(key)} was added too often.`);
    growth.bytes += registerBytes;
    return this.#edge(key, !edge);
  }

  #id(id, kind, isNew) {
    if (id === "") return invalid(`The id of a ${kind} is empty.`);
    const bytes = utf8Length(id);
    if (bytes > this.limits.idBytesMax) {
      return tooLarge(`The id of a ${kind} has ${bytes} bytes; at most ${this.limits.idBytesMax} are taken.`);
    }
    if (hasLoneSurrogate(id)) return invalid(`The id of a ${kind} holds a lone surrogate.`);
    if (isNew) this.growth.bytes += recordBytes + bytes;
    return null;
  }

  #edge(key, isNew) {
    if (isNew) this.growth.bytes += recordBytes;
    const { nodes } = this.state;
    return this.#handle(key.sourceHandle, isNew) ?? this.#handle(key.targetHandle, isNew)
      ?? this.#id(key.source, "node", isNew && !nodes.has(key.source)) ?? this.#id(key.target, "node", isNew && !nodes.has(key.target));
  }

  #handle(handle, isNew) {
    if (handle === null || handle === undefined) return null;
    const bytes = utf8Length(handle);
    if (bytes > this.limits.idBytesMax) return tooLarge(`A handle has ${bytes} bytes; at most ${this.limits.idBytesMax} are taken.`);
    if (hasLoneSurrogate(handle)) return invalid("A handle holds a lone surrogate.");
    if (isNew && !this.state.names.has(handle)) this.growth.bytes += recordBytes + bytes;
    return null;
  }

  /** An author can only have seen adds that are here, or that stand earlier in the same change. */
  #tags({ edge, tags }, stamp) {
    if (tags.length === 0) return invalid(`The removal of ${edgeText(edge)} names no add.`);
    if (tags.length > this.limits.tagsMax) {
      return tooLarge(`The removal of ${edgeText(edge)} names ${tags.length} adds; at most ${this.limits.tagsMax} are taken.`);
    }
    for (const tag of tags) {
      if (this.state.version.get(tag.replica) >= tag.seq) continue;
      const isOwn = tag.replica === stamp.replica && tag.seq === stamp.seq && tag.hlc === this.change.hlc && tag.index < stamp.index;
      if (!isOwn) return invalid(`The removal of ${edgeText(edge)} names an add that nobody has made.`);
    }
    return null;
  }

  #value(value, field, place, fields) {
    const bytes = value === null ? 0 : utf8Length(value);
    if (bytes > this.limits.valueBytesMax) {
      return tooLarge(`A value has ${bytes} bytes; at most ${this.limits.valueBytesMax} are taken.`);
    }
    const fault = value === null ? null : jsonFault(value);
    if (fault) return invalid(`The value of ${field} is no JSON: ${fault}.`);
    const present = fields?.get(field);
    if (present) {
      // Never less for what makes something smaller: it may lose against a later write, or be overtaken within the change.
      this.growth.bytes += Math.max(0, bytes - (present.value === null ? 0 : utf8Length(present.value)));
      return null;
    }
    this.growth.bytes += bytes + registerBytes;
    if (!this.state.names.has(field)) this.growth.bytes += recordBytes + utf8Length(field);
    const added = this.newFields.get(place) ?? new Set();
    added.add(field);
    this.newFields.set(place, added);
    if ((fields?.size ?? 0) + added.size > this.limits.fieldsMax) {
      return limit(`There would be more than ${this.limits.fieldsMax} fields in one place.`);
    }
    return null;
  }
}

/** The few fields whose shape the graph depends on. */
function shapeFault(field, value) {
  if (value === null) return null;
  if (field === "type" && !stringFrom(value)) return invalid("The type of a node is a JSON string that is not empty.");
  if (field === "parentId" && stringFrom(value) === null) return invalid("The parentId of a node is a JSON string.");
  if (field === "position") {
    const point = fromJSONText(value);
    if (typeof point?.x !== "number" || typeof point?.y !== "number") return invalid("The position of a node is {\"x\": number, \"y\": number}.");
  }
  return null;
}

function badField(field, thing) {
  const why = ephemeral.has(field) ? " It belongs to one person's canvas and is sent as presence, if at all." : "";
  return invalid(`"${field}" is no field of ${thing}.${why}`);
}

const invalid = (text) => new ChangeFault("INVALID", text);
const tooLarge = (text) => new ChangeFault("TOO_LARGE", text);
const limit = (text) => new ChangeFault("LIMIT", text);
