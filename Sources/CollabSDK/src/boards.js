import { edgeName } from "./text.js";

/** Who is in the room and what they show of themselves [PR1, PR2]. */
export class PresenceBoard {
  constructor() {
    /** By session. @type {Map<string, object>} */
    this.participants = new Map();
    /** The newest state of each session, the own one left out. @type {Map<string, object>} */
    this.states = new Map();
  }

  reset(participants) {
    this.participants = new Map(participants.map((each) => [each.session, each]));
    for (const session of [...this.states.keys()]) if (!this.participants.has(session)) this.states.delete(session);
  }

  take({ slots, joined, left }, ownSession) {
    for (const participant of joined) this.participants.set(participant.session, participant);
    for (const { session, state } of slots) {
      if (session !== ownSession && this.participants.has(session) && state) this.states.set(session, state);
    }
    for (const session of left) {
      this.participants.delete(session);
      this.states.delete(session);
    }
  }

  /** Everybody with what they show, joined. @param {string} ownSession left out */
  others(ownSession) {
    return [...this.participants.values()].filter(({ session }) => session !== ownSession)
      .map((participant) => ({ ...participant, state: this.states.get(participant.session) ?? null }));
  }
}

const runsMax = 32;
/** Of all events' results together; beyond it the oldest runs go. Units of text. */
const runTextMax = 32 * 2 ** 20;
const last = new Set(["RUN_FINISHED", "RUN_CANCELLED", "RUN_FAILED"]);

/** Whether a run is over with this event. */
export const isLastRunEvent = (event) => last.has(event.kind);

/** Runs of this workflow, each with its events in order; the newest 32 [RU2]. */
export class RunBoard {
  #sizes = new Map();
  #size = 0;

  constructor() {
    /** By run, oldest first. @type {Map<string, object[]>} */
    this.events = new Map();
  }

  /** @returns {boolean} whether the event is new; after a reconnect the server sends a run's events again */
  take(event) {
    const known = this.events.get(event.run);
    if (!known && event.seq !== 1) return false;
    if (known && event.seq <= known.at(-1).seq) return false;
    if (known) known.push(event);
    else this.events.set(event.run, [event]);
    const size = event.result.length + event.error.length + 128;
    this.#sizes.set(event.run, (this.#sizes.get(event.run) ?? 0) + size);
    this.#size += size;
    while (this.events.size > 1 && (this.events.size > runsMax || this.#size > runTextMax)) this.#forgetOldest();
    return true;
  }

  /** The newest run's id; null before the first. */
  get newest() {
    return [...this.events.keys()].at(-1) ?? null;
  }

  /** Runs that are not over. @returns {string[]} */
  get open() {
    return [...this.events].filter(([, events]) => !isLastRunEvent(events.at(-1))).map(([run]) => run);
  }

  #forgetOldest() {
    const [run] = this.events.keys();
    this.events.delete(run);
    this.#size -= this.#sizes.get(run) ?? 0;
    this.#sizes.delete(run);
  }
}

const issueName = (issue) => JSON.stringify([issue.code, issue.node, issue.edge ? edgeName(issue.edge) : "", issue.field, issue.severity, issue.text]);

/** The findings about the document as the server sees them [GV4]. */
export class IssueBoard {
  #issues = new Map();

  get all() {
    return [...this.#issues.values()];
  }

  reset() {
    this.#issues.clear();
  }

  take({ added, removed }) {
    for (const issue of removed) this.#issues.delete(issueName(issue));
    for (const issue of added) this.#issues.set(issueName(issue), issue);
  }

  ofNode(id) {
    return this.all.filter((issue) => issue.node === id && !issue.edge);
  }
}
