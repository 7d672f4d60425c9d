import { fromBase64, toBase64 } from "./bytes.js";
import { choices, enums, messages } from "./wire.js";

// Messages to JSON texts and back: the proto3 JSON mapping [WP7]. Decoded messages have every field: scalars their default, lists [], messages null.

/** A text that is no message. The connection it came by is given up. */
export class WireError extends Error {}

const readers = new Map();
const writers = new Map();

/**
 * @param {"ServerMessage" | "ClientMessage" | "Change" | string} type
 * @param {string} text
 * @throws {WireError}
 */
export function decodeMessage(type, text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WireError(`no JSON: ${error.message}`);
  }
  return readMessage(type, value);
}

/** @param {string} type @param {object} message members that are left out have their default @returns {string} */
export function encodeMessage(type, message) {
  return JSON.stringify(writeMessage(type, message));
}

/** As `decodeMessage` for what `JSON.parse` gave. */
export function readMessage(type, value) {
  return readerOf(type)(value);
}

/** What `JSON.stringify` makes the message of. */
export function writeMessage(type, message) {
  return writerOf(type)(message);
}

const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function readerOf(type) {
  const known = readers.get(type);
  if (known) return known;
  const fields = messages[type].map(([name, fieldType]) => ({ name, ...plan(fieldType) }));
  const byName = new Map(fields.flatMap((field) => [[field.name, field], [snakeCase(field.name), field]]));
  const isChoice = choices.has(type);
  const read = (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new WireError(`${type} is no object`);
    const message = {};
    if (!isChoice) for (const field of fields) message[field.name] = field.empty();
    let set = 0;
    for (const name of Object.keys(value)) {
      const field = byName.get(name);
      const part = value[name];
      if (!field || part === null || part === undefined) continue;
      message[field.name] = field.read(part);
      set += 1;
    }
    if (isChoice && set > 1) throw new WireError(`${type} of two kinds`);
    return message;
  };
  readers.set(type, read);
  return read;
}

/** @returns {{empty: () => any, read: (value: any) => any, write: (value: any) => any}} `write` gives undefined for what is left out */
function plan(type) {
  if (!type.endsWith("[]")) return planOne(type);
  const one = planOne(type.slice(0, -2));
  return {
    empty: () => [],
    read: (value) => {
      if (!Array.isArray(value)) throw new WireError("a list is none");
      return value.map((item) => {
        if (item === null) throw new WireError("null in a list");
        return one.read(item);
      });
    },
    write: (list) => (list && list.length > 0 ? list.map((item) => one.writeItem(item)) : undefined),
  };
}

function planOne(named) {
  const isNeeded = named.endsWith("!");
  const type = isNeeded ? named.slice(0, -1) : named;
  if (messages[type]) {
    return {
      empty: () => (isNeeded ? readerOf(type)({}) : null), read: (value) => readerOf(type)(value),
      write: (value) => (value === null || value === undefined ? undefined : writerOf(type)(value)), writeItem: (value) => writerOf(type)(value),
    };
  }
  const scalar = enums[type] ? enumScalar(enums[type]) : scalars[type];
  return {
    empty: () => scalar.empty, read: scalar.read, writeItem: scalar.write,
    write: (value) => (value === undefined || value === null || scalar.isDefault(value) ? undefined : scalar.write(value)),
  };
}

function writerOf(type) {
  const known = writers.get(type);
  if (known) return known;
  const fields = messages[type].map(([name, fieldType]) => ({ name, ...plan(fieldType) }));
  const write = (message) => {
    const value = {};
    for (const field of fields) {
      const part = field.write(message[field.name]);
      if (part !== undefined) value[field.name] = part;
    }
    return value;
  };
  writers.set(type, write);
  return write;
}

/** An integer as a number when it fits one, else as a bigint. */
function integer(value, max) {
  let number = value;
  if (typeof value === "string") {
    if (/^[0-9]+$/.test(value) && (value === "0" || value[0] !== "0")) {
      number = value.length < 16 ? Number(value) : BigInt(value);
      if (typeof number === "bigint" && number <= BigInt(Number.MAX_SAFE_INTEGER)) number = Number(number);
    } else if (/^(0|[1-9][0-9]*)(\.0+)?([eE]\+?[0-9]+)?$/.test(value)) number = Number(value);
    else throw new WireError(`"${value}" is no integer`);
  }
  if (typeof number === "number" && (!Number.isInteger(number) || number < 0)) throw new WireError(`${value} is no integer`);
  if (typeof number !== "number" && typeof number !== "bigint") throw new WireError("an integer is none");
  if (number > max) throw new WireError(`${value} is out of range`);
  return typeof number === "number" && number > Number.MAX_SAFE_INTEGER ? BigInt(number) : number;
}

const max64 = 2n ** 64n - 1n;

const scalars = {
  text: {
    empty: "",
    read: (value) => {
      if (typeof value !== "string") throw new WireError("a text is none");
      return value;
    },
    write: (value) => value, isDefault: (value) => value === "",
  },
  bool: {
    empty: false,
    read: (value) => {
      if (typeof value !== "boolean") throw new WireError("neither true nor false");
      return value;
    },
    write: (value) => value, isDefault: (value) => value === false,
  },
  int: { empty: 0, read: (value) => integer(value, 0xffffffff), write: (value) => value, isDefault: (value) => value === 0 },
  int64: { empty: 0, read: (value) => integer(value, max64), write: String, isDefault: (value) => value === 0 || value === 0n },
  time: { empty: 0n, read: (value) => BigInt(integer(value, max64)), write: String, isDefault: (value) => value === 0n },
  real: {
    empty: 0,
    read: (value) => {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isFinite(number)) throw new WireError("a number is none");
      return number;
    },
    write: (value) => value, isDefault: (value) => value === 0,
  },
  bytes: {
    empty: new Uint8Array(0),
    read: (value) => {
      try {
        return fromBase64(value);
      } catch {
        throw new WireError("bytes that are no base64");
      }
    },
    write: toBase64, isDefault: (value) => value.length === 0,
  },
};
scalars["text?"] = { ...scalars.text, empty: null, isDefault: () => false };

function enumScalar({ names, unknown }) {
  return {
    empty: names[0],
    read: (value) => {
      if (typeof value === "number") return names[value] ?? unknown;
      if (typeof value !== "string") throw new WireError("a name is none");
      return names.includes(value) ? value : unknown;
    },
    write: (value) => value, isDefault: (value) => value === names[0],
  };
}
