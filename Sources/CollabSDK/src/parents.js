import { compareStamps } from "./stamp.js";

/** Whether a `parentId` counts [GV3b]. */
export const parentStandings = Object.freeze({
  held: 0,
  /** Names itself, or a node that is not visible; or belongs to one that is not. */
  missing: 1,
  /** Would close a loop. */
  loop: 2,
});

const { held, missing, loop } = parentStandings;

/**
 * Which node is in which group: `parentId` registers with the loops cut.
 *
 * A node has at most one parent, so loops are disjoint, and taking links in stamp order leaves out exactly the latest of each loop. Setting a
 * parent costs the depth of the nesting [GV3b].
 */
export class ParentForest {
  /** By child. @type {Map<import("./records.js").NodeRecord, {parent: import("./records.js").NodeRecord, stamp: object, standing: number}>} */
  #links = new Map();
  /** @type {Map<import("./records.js").NodeRecord, Set<import("./records.js").NodeRecord>>} */
  #children = new Map();

  /** Undefined when the node names no parent. */
  standing(child) {
    return this.#links.get(child)?.standing;
  }

  /** Takes over what the child's register says now. @returns {object[]} the nodes whose standing may have changed */
  set(child, parent, stamp) {
    const changed = [child];
    const old = this.#links.get(child);
    if (old) {
      changed.push(...this.#deactivate(child));
      const siblings = this.#children.get(old.parent);
      siblings?.delete(child);
      if (siblings?.size === 0) this.#children.delete(old.parent);
      this.#links.delete(child);
    }
    if (!parent) return changed;
    this.#links.set(child, { parent, stamp, standing: missing });
    if (this.#children.has(parent)) this.#children.get(parent).add(child);
    else this.#children.set(parent, new Set([child]));
    changed.push(...this.#activate(child));
    return changed;
  }

  /** Decides again about everything that hangs on whether `node` is visible. */
  visibilityChanged(node) {
    if (this.#links.size === 0) return [];
    const changed = [];
    for (const child of [node, ...(this.#children.get(node) ?? [])]) {
      if (this.#links.has(child)) changed.push(...this.#deactivate(child), ...this.#activate(child));
    }
    return changed;
  }

  /** Takes the link out; the loop it was part of, if any, is whole again. */
  #deactivate(child) {
    const link = this.#links.get(child);
    if (link.standing === missing) return [];
    const changed = [child];
    if (link.standing === held) {
      const root = this.#root(child);
      const cut = this.#links.get(root);
      if (cut?.standing === loop && this.#reaches(cut.parent, child)) {
        cut.standing = held;
        changed.push(root);
      }
    }
    link.standing = missing;
    return changed;
  }

  #activate(child) {
    const link = this.#links.get(child);
    if (!child.isShown || !link.parent.isShown) return [];
    link.standing = held;
    let latest = child;
    let stamp = link.stamp;
    for (let at = link.parent; at !== child;) {
      const above = this.#links.get(at);
      if (above?.standing !== held) return [child];
      if (compareStamps(stamp, above.stamp) < 0) {
        latest = at;
        stamp = above.stamp;
      }
      at = above.parent;
    }
    this.#links.get(latest).standing = loop;
    return [child, latest];
  }

  #root(start) {
    let at = start;
    for (let link = this.#links.get(at); link?.standing === held; link = this.#links.get(at)) at = link.parent;
    return at;
  }

  #reaches(start, end) {
    for (let at = start; at !== end;) {
      const link = this.#links.get(at);
      if (link?.standing !== held) return false;
      at = link.parent;
    }
    return true;
  }
}
