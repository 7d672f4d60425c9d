// The golden vectors of the protocol, both ways, and what must be refused.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import {
  decodeMessage, decodeSnapshot, documentIssues, encodeMessage, encodeSnapshot, fromHex, jsonFault, sha256, SnapshotError, toHex, WireError, WorkflowDocument,
} from "../../Sources/CollabSDK/src/index.js";
import { inflate, InflateError } from "../../Sources/CollabSDK/src/inflate.js";
import { canonicalText } from "../../Sources/CollabSDK/src/json.js";
import { compareText } from "../../Sources/CollabSDK/src/text.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../fixtures/protocol/${name}.json`, import.meta.url), "utf8"));
/** Numbers may be spelled in more than one way. */
const respelled = (text) => JSON.stringify(JSON.parse(text));

test("[WP7] every message of the golden vectors is read and written again as it was", () => {
  const messages = vectors("messages");
  for (const { name, from, json } of messages) {
    const type = from === "client" ? "ClientMessage" : "ServerMessage";
    assert.equal(encodeMessage(type, decodeMessage(type, json)), respelled(json), name);
  }
  assert.ok(messages.length >= 70);
});

for (const document of vectors("documents")) {
  test(`[ME1] [GV1] [GV3] [GV5] [SN2] [RU6] the golden document "${document.name}" comes of its changes and of its snapshot`, () => {
    const made = new WorkflowDocument();
    for (const text of document.changes) {
      const change = decodeMessage("Change", text);
      assert.equal(encodeMessage("Change", change), text);
      assert.equal(made.apply(change), "applied");
      assert.equal(made.apply(change), "duplicate");
    }
    const read = decodeSnapshot(fromHex(document.snapshot));
    for (const each of [made, read]) {
      assert.equal(toHex(each.graphHash()), document.graphHash);
      assert.equal(toHex(each.documentHash()), document.documentHash);
      assert.deepEqual([...each.nodeIds()].map((id) => toHex(each.fingerprint(id))), document.fingerprints);
      assert.equal(toHex(encodeSnapshot(each)), document.snapshot);
      assert.deepEqual(shown(each), wanted(document));
      assert.deepEqual(found(each), document.issues);
    }
  });

  test(`[ME4] no cut or damaged snapshot of "${document.name}" is read`, () => {
    const bytes = fromHex(document.snapshot);
    for (let length = 0; length < bytes.length; length += 1) assert.throws(() => decodeSnapshot(bytes.subarray(0, length)), SnapshotError);
    for (let at = 0; at < bytes.length; at += 1) {
      const bad = bytes.slice();
      bad[at] ^= 1 << (at % 8);
      assert.throws(() => decodeSnapshot(bad), SnapshotError);
      // The same with a right checksum: it is refused, or makes some document, but nothing else happens.
      bad.set(sha256(bad.subarray(0, -8)).subarray(0, 8), bad.length - 8);
      try {
        decodeSnapshot(bad).documentHash();
      } catch (error) {
        assert.ok(error instanceof SnapshotError, `byte ${at}: ${error.stack}`);
      }
    }
  });
}

const keyOf = (key) => Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null));

function shown(document) {
  const { nodes, edges } = document.graph();
  return {
    nodes, edges: edges.map(({ key, fields }) => ({ key: keyOf(key), fields })), meta: document.metaFields(),
    parked: document.parkedEdges().map(({ key, reason }) => ({ key: keyOf(key), reason })),
    version: Object.fromEntries([...document.version.entries].map(([replica, seq]) => [String(replica), String(seq)])),
  };
}

/** As the vectors have them: without what is absent, and without the words. */
function found(document) {
  return documentIssues(document).map(({ code, severity, node, edge, field }) => ({
    code, ...(edge && { edge: keyOf(edge) }), ...(field && { field }), ...(node && { node }), severity,
  }));
}

const wanted = ({ nodes, edges, meta, parked, version }) => ({ nodes, edges, meta, parked, version });

test("[WP7] readers take what writers need not write", () => {
  const read = decodeMessage("ServerMessage", JSON.stringify({
    ack: { batch: 7, replica: "3", seq: "1e2", position: 1.0, refused: [{ seq: 5, code: 3, retry_after_milliseconds: "9", new: [] }], unknown: { a: 1 }, text: null },
  }));
  assert.deepEqual(read.ack, {
    batch: 7, replica: 3, seq: 100, position: 1, refused: [{ seq: 5, code: "TOO_LARGE", text: "", revert: [], retryAfterMilliseconds: 9 }],
  });
  assert.deepEqual(decodeMessage("ServerMessage", "{\"snapshot\":{\"data\":\"_-8\"}}").snapshot.data, Uint8Array.of(0xff, 0xef));
  assert.equal(decodeMessage("ServerMessage", "{\"role\":{\"role\":\"EMPEROR\"}}").role.role, "VIEWER");
  assert.equal(decodeMessage("ServerMessage", "{\"error\":{\"code\":77}}").error.code, "INVALID");
  assert.deepEqual(decodeMessage("ServerMessage", "{\"news\":{}}"), {});
});

test("[WP6] [WP7] what is malformed is thrown", () => {
  const texts = [
    "", "[]", "{", "null", "{\"ack\":1}", "{\"ack\":{\"seq\":-1}}", "{\"ack\":{\"seq\":1.5}}", "{\"ack\":{\"seq\":\"007\"}}", "{\"ack\":{\"replica\":4294967296}}",
    "{\"ack\":{\"seq\":\"18446744073709551616\"}}", "{\"ack\":{},\"hash\":{}}", "{\"role\":{\"role\":{}}}", "{\"goodbye\":{\"text\":1}}",
    "{\"snapshot\":{\"data\":\"*\"}}", "{\"changes\":{\"changes\":{}}}", "{\"presence\":{\"slots\":[null]}}", "{\"welcome\":{\"restamp\":\"yes\"}}",
    "{\"presence\":{\"slots\":[{\"state\":{\"cursor\":{\"x\":\"NaN\"}}}]}}",
  ];
  for (const text of texts) assert.throws(() => decodeMessage("ServerMessage", text), WireError, text);
});

test("SHA-256 is that of the library for every length of three blocks", () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = randomBytes(length);
    assert.equal(toHex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"));
  }
  const long = randomBytes(1_000_003);
  assert.equal(toHex(sha256(long)), createHash("sha256").update(long).digest("hex"));
});

test("inflate gives back what zlib deflated, at every level, and refuses other sizes and cut streams", () => {
  for (let round = 0; round < 300; round += 1) {
    const raw = round % 3 === 0 ? randomBytes(round * 9) : Buffer.from(Array.from({ length: round * 13 }, (_, at) => (at * at) % (2 + (round % 40))));
    for (const level of [0, 1, 6, 9]) {
      const packed = deflateSync(raw, { level, strategy: round % 5 === 0 ? 4 : 0 });
      assert.deepEqual(Buffer.from(inflate(packed, raw.length)), raw);
      assert.throws(() => inflate(packed, raw.length + 1), InflateError);
      if (raw.length > 0) assert.throws(() => inflate(packed, raw.length - 1), InflateError);
      assert.throws(() => inflate(packed.subarray(0, (round * 7) % packed.length), raw.length), InflateError);
    }
  }
});

test("[DO2] a value is I-JSON or none", () => {
  const good = ["0", "-0", "1e5", "\"\\ud83d\\ude42\"", "[1,[2]]", " {\"a\" : null} ", "{\"a\":{\"a\":1}}", "[".repeat(64) + "]".repeat(64), "1.7976931348623157e308"];
  const bad = [
    "", "01", "1.", ".5", "+1", "1e", "1e999", "NaN", "tru", "\"", "\"\\x\"", "\"\\ud83d\"", "\"\\ude42\"", "\"\u0001\"", "[1,]", "[1 2]", "{a:1}", "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}", "{\"a\" 1}", "1 2", "[".repeat(65) + "]".repeat(65), "\"\ud800\"",
  ];
  for (const text of good) assert.equal(jsonFault(text), null, text);
  for (const text of bad) assert.notEqual(jsonFault(text), null, text);
});

test("[GV5] canonical texts", () => {
  const pairs = [
    ["1.0", "1"], ["-0", "0"], ["1E+2", "100"], ["1e21", "1e+21"], ["0.0000001", "1e-7"], ["{\"b\":1,\"a\":[ ]}", "{\"a\":[],\"b\":1}"], ["\"\\u0041\\/\"", "\"A/\""],
    ["{\"\\uffee\":1,\"\u{1f600}\":2}", "{\"\u{1f600}\":2,\"\uffee\":1}"], ["{\"2\":1,\"10\":2}", "{\"10\":2,\"2\":1}"], ["{\"__proto__\":1}", "{\"__proto__\":1}"],
  ];
  for (const [text, canonical] of pairs) assert.equal(canonicalText(text), canonical);
});

test("[DO1] texts are ordered by their UTF-8 bytes", () => {
  const texts = ["", "a", "b", "ab", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{1f642}", "\u{10ffff}", "e\u0301", "\u00e9"];
  for (const a of texts) {
    for (const b of texts) assert.equal(Math.sign(compareText(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))), JSON.stringify([a, b]));
  }
});
