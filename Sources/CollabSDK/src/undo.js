import { writeOf } from "./change.js";
import { InverseStep } from "./undo-inverse.js";
import { stampIn, UndoStep, valueIn } from "./undo-step.js";
import { stampName, stampOf } from "./stamp.js";
import { edgeName } from "./text.js";

/**
 * What one person can take back: the steps of one replica, newest last [UN1, UN2].
 *
 * Undo and redo are ordinary changes: this only says which ops they should have against the present document. The caller makes a change of
 * them, records it as "undo" or "redo", and applies it.
 */
export class UndoStack {
  #undoable = [];
  #redoable = [];
  /** The step whose taking back is on its way. */
  #underWay = null;
  /** Whether a change of that was recorded already. */
  #isUnderWay = false;
  /** Names of the edges that it draws anew, though it did not remove them, and the tags that they lose by that. */
  #redrawn = new Set();
  #redrawnTags = new Map();
  /** What of the step that `undo` or `redo` gave last stays, because others wrote over it. @type {import("./undo-step.js").Overwritten[]} */
  overwritten = [];
  /** Whether the next edit may join the last step. */
  #isOpen = false;

  /** @param {number} depthMax the oldest steps beyond it are forgotten */
  constructor(depthMax = 256) {
    this.depthMax = depthMax;
  }

  get undoDepth() {
    return this.#undoable.length;
  }

  get redoDepth() {
    return this.#redoable.length;
  }

  /** The next edit begins a step of its own, whatever its group. */
  close() {
    this.#isOpen = false;
  }

  /**
   * Keeps how to take a change back.
   * @param {import("./change.js").Change} change
   * @param {import("./document.js").WorkflowDocument} document as it is right before the change is applied
   * @param {{group?: string | null, keepsEdgeOrder?: boolean, as?: "edit" | "undo" | "redo"}} how edits that follow each other with the same group are one
   *   step; `keepsEdgeOrder`: taking it back brings back the order of all edges, not only that of the inputs of the nodes concerned [UN2]
   */
  record(change, document, { group = null, keepsEdgeOrder = false, as = "edit" } = {}) {
    if (as === "edit") {
      this.#redoable = [];
      this.#underWay = null;
      this.#redrawn = new Set();
      const last = this.#undoable.at(-1);
      const joins = this.#isOpen && group !== null && last?.group === group;
      this.#keepKnown(change, document, joins ? this.#undoable.slice(0, -1) : this.#undoable);
      if (joins) last.record(change, document);
      else this.#push(this.#undoable, change, document, new UndoStep(group, keepsEdgeOrder ? document : null));
    } else {
      const steps = as === "undo" ? this.#redoable : this.#undoable;
      if (this.#underWay) this.#follow(change, this.#underWay, document);
      if (this.#isUnderWay) steps.at(-1).record(change, document, this.#redrawn);
      else {
        this.#push(steps, change, document, new UndoStep(group, this.#underWay?.keepsEdgeOrder ? document : null));
        this.#isUnderWay = this.#underWay !== null;
      }
      // The order that the new step keeps is that of before; what is drawn anew for it has its place in there under the new stamp.
      change.ops.forEach(({ addEdge }, index) => {
        const tags = addEdge && this.#redrawnTags.get(edgeName(addEdge.edge));
        if (tags) steps.at(-1).followEdge(addEdge.edge, tags, stampOf(change, index));
      });
    }
    this.#isOpen = as === "edit";
  }

  /**
   * The ops that take the last step back, and the step goes. Recorded as several changes they are one step again.
   * @returns {import("./change.js").Op[] | null} null when there is nothing; none when others wrote over all that the step left: the person is to be
   *   told, rather than to lose the step before it. A step of which nothing is left for another reason, as one that changed nothing, is passed over.
   */
  undo(document) {
    return this.#pop(this.#undoable, document);
  }

  /** The ops that take back the last step recorded as "undo". */
  redo(document) {
    return this.#pop(this.#redoable, document);
  }

  /** The change was refused and goes from the document: there is nothing of it to take back, and nobody wrote over it. */
  forget(change) {
    for (const step of [...this.#undoable, ...this.#redoable]) step.forget(change);
  }

  /** Follows changes that were given other stamps: what `restamp` says. */
  rename(stamps) {
    if (stamps.size === 0) return;
    for (const step of [...this.#undoable, ...this.#redoable]) step.rename(stamps);
  }

  /** The state to come back to when what `undo` gave is not taken. */
  save() {
    return { undoable: [...this.#undoable], redoable: [...this.#redoable], isOpen: this.#isOpen };
  }

  restore({ undoable, redoable, isOpen }) {
    this.#undoable = undoable;
    this.#redoable = redoable;
    this.#underWay = null;
    this.#isOpen = isOpen;
  }

  /** Who writes what is there already changes nothing but the stamp: older steps must know what they left by that one. */
  #keepKnown(change, document, older) {
    change.ops.forEach((each, index) => {
      const write = writeOf(each);
      if (!write || valueIn(document, each) !== write.value) return;
      const present = stampIn(document, each);
      if (present) for (const step of older) step.followWrite(each, write.name, present, stampOf(change, index));
    });
  }

  /** What an older step wrote and a younger one replaced is back under the stamp of the taking back; the older step must know it again. */
  #follow(change, step, document) {
    change.ops.forEach((each, index) => {
      const stamp = stampOf(change, index);
      const steps = [...this.#undoable, ...this.#redoable];
      if (each.removeEdge) {
        const name = edgeName(each.removeEdge.edge);
        if (this.#redrawn.has(name)) this.#redrawnTags.set(name, document.liveTags(each.removeEdge.edge));
        return;
      }
      if (each.addEdge) {
        const { edge } = each.addEdge;
        const tags = this.#redrawnTags.get(edgeName(edge)) ?? step.removed.get(edgeName(edge))?.tags ?? [];
        for (const other of steps) other.followEdge(edge, tags, stamp);
        return;
      }
      const write = writeOf(each);
      if (!write) return;
      const old = step.stampRestored(each, write.name, stampIn(document, each));
      if (old) for (const other of steps) other.followWrite(each, write.name, old, stamp);
    });
  }

  #push(steps, change, document, step) {
    step.record(change, document, this.#redrawn);
    steps.push(step);
    if (steps.length > this.depthMax) steps.splice(0, steps.length - this.depthMax);
  }

  #pop(steps, document) {
    this.#isOpen = false;
    for (let step = steps.pop(); step; step = steps.pop()) {
      const inverse = new InverseStep(step, document);
      this.#underWay = step;
      this.#isUnderWay = false;
      this.#redrawn = inverse.redrawn;
      this.#redrawnTags = new Map();
      this.overwritten = step.overwritten(document);
      if (inverse.ops.length > 0 || this.overwritten.length > 0) return inverse.ops;
    }
    this.overwritten = [];
    return null;
  }
}
