// JSON texts: the values of registers [DO2]. Kept as they were written, checked when made here, canonical when hashed.

export const depthMax = 64;

/**
 * Checks that a text is one I-JSON value (RFC 7493): no name twice, no lone surrogate, finite numbers, at most 64 deep.
 * @param {string} text
 * @returns {string | null} what is wrong, null for nothing
 */
export function jsonFault(text) {
  try {
    new Scan(text).document();
    return null;
  } catch (fault) {
    if (fault instanceof Fault) return `${fault.message} at ${fault.at}`;
    throw fault;
  }
}

class Fault extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Everything up to the next quote, backslash or control character.
const plainPattern = /[^"\\\u0000-\u001f]*/y;

/** Walks over a text once. Nesting is bounded, so it may recurse. */
class Scan {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  document() {
    this.value(0);
    this.space();
    if (this.at < this.text.length) throw new Fault("something follows the value", this.at);
    if (hasLone(this.text)) throw new Fault("a lone surrogate", 0);
  }

  value(depth) {
    this.space();
    const unit = this.text[this.at];
    if (unit === "{" || unit === "[") {
      if (depth === depthMax) throw new Fault("nested too deep", this.at);
      this.at += 1;
      if (unit === "{") this.object(depth);
      else this.array(depth);
    } else if (unit === "\"") this.string();
    else if (unit === "t") this.word("true");
    else if (unit === "f") this.word("false");
    else if (unit === "n") this.word("null");
    else this.number();
  }

  object(depth) {
    const names = new Set();
    if (this.closes("}")) return;
    do {
      this.space();
      const start = this.at;
      if (this.text[this.at] !== "\"") throw new Fault("a name is missing", this.at);
      this.string();
      const name = JSON.parse(this.text.slice(start, this.at));
      if (names.has(name)) throw new Fault("a name is there twice", start);
      names.add(name);
      this.space();
      if (this.text[this.at] !== ":") throw new Fault("a colon is missing", this.at);
      this.at += 1;
      this.value(depth + 1);
    } while (this.goesOn("}"));
  }

  array(depth) {
    if (this.closes("]")) return;
    do this.value(depth + 1); while (this.goesOn("]"));
  }

  closes(bracket) {
    this.space();
    if (this.text[this.at] !== bracket) return false;
    this.at += 1;
    return true;
  }

  goesOn(bracket) {
    this.space();
    const unit = this.text[this.at];
    if (unit !== "," && unit !== bracket) throw new Fault("a comma or a bracket is missing", this.at);
    this.at += 1;
    return unit === ",";
  }

  string() {
    this.at += 1;
    for (;;) {
      plainPattern.lastIndex = this.at;
      this.at += plainPattern.exec(this.text)[0].length;
      const unit = this.text[this.at];
      if (unit === "\"") {
        this.at += 1;
        return;
      }
      if (unit !== "\\") throw new Fault(unit === undefined ? "a string does not end" : "a control character", this.at);
      this.escape();
    }
  }

  escape() {
    const letter = this.text[this.at + 1];
    if (letter !== undefined && "\"\\/bfnrt".includes(letter)) {
      this.at += 2;
      return;
    }
    const unit = this.codeUnit(this.at);
    if (unit >= 0xdc00 && unit <= 0xdfff) throw new Fault("a lone surrogate", this.at);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const low = this.text[this.at + 6] === "\\" ? this.codeUnit(this.at + 6) : 0;
      if (low < 0xdc00 || low > 0xdfff) throw new Fault("a lone surrogate", this.at);
      this.at += 6;
    }
    this.at += 6;
  }

  codeUnit(at) {
    const digits = this.text.slice(at + 2, at + 6);
    if (this.text[at + 1] !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) throw new Fault("a bad escape", at);
    return Number.parseInt(digits, 16);
  }

  number() {
    numberPattern.lastIndex = this.at;
    const found = numberPattern.exec(this.text);
    if (!found) throw new Fault(this.at >= this.text.length ? "a value is missing" : "no value", this.at);
    if (!Number.isFinite(Number(found[0]))) throw new Fault("a number that is not finite", this.at);
    this.at += found[0].length;
    if (/[0-9.]/.test(this.text[this.at] ?? "")) throw new Fault("a bad number", this.at);
  }

  word(word) {
    if (!this.text.startsWith(word, this.at)) throw new Fault("no value", this.at);
    this.at += word.length;
  }

  space() {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return;
      this.at += 1;
    }
  }
}

function hasLone(text) {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/.test(text);
}

/**
 * A JavaScript value as the text of a register.
 * @param {unknown} value `undefined` unsets the field
 * @returns {string | null}
 * @throws {TypeError} for what JSON cannot say: functions, circles, NaN, too deep
 */
export function toJSONText(value) {
  if (value === undefined) return null;
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === "number" && !Number.isFinite(part)) throw new TypeError("a number that is not finite has no JSON");
    return part;
  });
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
  const fault = jsonFault(text);
  if (fault) throw new TypeError(`the value has no JSON that others can read: ${fault}`);
  return text;
}

/** What a register's text means; `undefined` for none and for what is no JSON. @param {string | null} text */
export function fromJSONText(text) {
  if (text === null || text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The string a text stands for, null for anything else. @param {string | null} text @returns {string | null} */
export function stringFrom(text) {
  if (text === null || text === undefined) return null;
  if (text.length > 1 && text.charCodeAt(0) === 0x22 && !text.includes("\\") && text.charCodeAt(text.length - 1) === 0x22) {
    return text.slice(1, -1);
  }
  const value = fromJSONText(text);
  return typeof value === "string" ? value : null;
}

/** The one spelling of a text that digests are taken of (RFC 8785). A text that is no JSON stands as a string. @param {string} text */
export function canonicalText(text) {
  const first = text.charCodeAt(0);
  // Strings and numbers first: nearly every value is one, and most are canonical as they stand.
  if (first === 0x22 && !text.includes("\\")) return jsonFault(text) ? JSON.stringify(text) : text;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return JSON.stringify(text);
  }
  if (jsonFault(text)) return JSON.stringify(text);
  return canonical(value);
}

function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}
