/** Who wrote each field last, as far as this page saw it: for "Ada set this meanwhile". Bounded; the oldest go. */
const keptMax = 2000;

export class Authors {
  #names = new Map();

  constructor(app) {
    app.on("changes", ({ changes }) => { for (const { author, change } of changes) this.#note(author?.name ?? "", change.ops); });
  }

  #note(name, ops) {
    for (const { setNodeField } of ops) {
      if (!setNodeField) continue;
      const key = `${setNodeField.node} ${setNodeField.field}`;
      this.#names.delete(key);
      this.#names.set(key, name);
      if (this.#names.size > keptMax) this.#names.delete(this.#names.keys().next().value);
    }
  }

  of(node, field) {
    return this.#names.get(`${node} ${field}`) ?? "";
  }
}
