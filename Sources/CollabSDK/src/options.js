// What a client may be told, with the reasons for the defaults.

/** Of the protocol, until a welcome says otherwise [LM1]. */
export const defaultLimits = Object.freeze({
  messageBytesMax: 1_048_576, opsPerChangeMax: 4096, changesPerBatchMax: 1024, valueBytesMax: 262_144, presenceBytesMax: 4096,
  changesInFlightMax: 4096, nodesMax: 20_000, edgesMax: 50_000, documentBytesMax: 67_108_864, clockSkewMaxMilliseconds: 60_000,
  presenceIntervalMilliseconds: 33,
});

export const defaultOptions = Object.freeze({
  /** Shown to others; 1 to 64 bytes. */
  name: "",
  colour: "",
  kind: "PERSON",
  token: "",
  /** Somebody gives tokens: one that ended is followed by another instead of ending the client. */
  asksForToken: false,
  /** What to be sent; null: everything. */
  wants: null,
  /** Make the workflow when there is none. */
  create: false,
  /** Ask for no more than this role; "": whatever there is. */
  roleMax: "",
  /** Program and version, for the server's log; up to 64 bytes. */
  client: "thaiyyal-sdk-js/1",
  /** Changes not acknowledged; beyond it an edit throws. */
  pendingChangesMax: 100_000,
  pendingBytesMax: 64 * 2 ** 20,
  /** Of a snapshot, deflated or inflated. */
  snapshotBytesMax: 256 * 2 ** 20,
  connectDeadlineMilliseconds: 10_000,
  welcomeDeadlineMilliseconds: 15_000,
  /** A batch or a resync without an answer for so long: the connection is given up and made anew. */
  answerDeadlineMilliseconds: 30_000,
  pingIntervalMilliseconds: 15_000,
  pongDeadlineMilliseconds: 10_000,
  /** The first pause before a reconnect is drawn from 0 to this; it doubles with every attempt in vain. */
  backoffFirstMilliseconds: 200,
  backoffMaxMilliseconds: 30_000,
  /** Stop when nothing could be joined in this many attempts in a row; null: try for ever. */
  attemptsMax: null,
});

export const roles = Object.freeze(["VIEWER", "COMMENTER", "EDITOR", "RUNNER", "OWNER"]);

/** Whether a role may do what `needed` may. */
export const isAtLeast = (role, needed) => roles.indexOf(role) >= roles.indexOf(needed);

/** A commenter writes comments only; an editor writes everything [DO7]. */
export function allows(role, ops) {
  if (isAtLeast(role, "EDITOR")) return true;
  return role === "COMMENTER" && ops.every((each) => each.setCommentLife || each.setCommentField);
}

/**
 * Why an edit, an undo or a run was not taken here. `code`: `NOT_JOINED` (no catch-up yet), `READ_ONLY` (the role allows no such change),
 * `PENDING_FULL` (too much waits), `INVALID`, `TOO_LARGE`, `NOTHING_TO_UNDO`, `STOPPED`, or a refusal code of the protocol for a run.
 */
export class ClientError extends Error {
  constructor(code, text) {
    super(text);
    this.name = "ClientError";
    this.code = code;
  }
}
