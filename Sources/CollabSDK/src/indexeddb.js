// Places in the browser's IndexedDB. A tab claims one by a lock that ends with it; where there are no locks (plain http), by a sign of life.

const databaseName = "thaiyyal-collab";
const beatMilliseconds = 20_000;
/** Tabs in the background are woken up once a minute at least; whoever is silent for longer than this is gone. */
const silenceMilliseconds = 180_000;
const placesMax = 64;
/** How long a page that is loaded anew waits for the place that it had: its former self is on its way out. */
const handoverMilliseconds = 3000;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Resolved when it is durable, as far as a browser says so. */
const committed = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onerror = () => reject(transaction.error);
  transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was ended"));
});

/** Pending changes that outlive the page. Each tab has a place of its own; what a closed tab left behind is sent by the next one that opens. */
export class IndexedDBStorage {
  #database = null;

  /** @param {{name?: string, locks?: LockManager | null, indexedDB?: IDBFactory}} world for tests */
  constructor({ name = databaseName, locks = globalThis.navigator?.locks ?? null, indexedDB = globalThis.indexedDB } = {}) {
    this.name = name;
    this.locks = locks;
    this.indexedDB = indexedDB;
  }

  /** @returns {Promise<IndexedDBPlace>} */
  async claim(room) {
    const database = await this.#open();
    const former = this.#takeFormer(room);
    const filled = await this.#filled(database, room);
    const rest = Array.from({ length: placesMax }, (_, number) => number).filter((number) => !filled.includes(number));
    const candidates = [...(former ? [former] : []), ...[...filled, ...rest].map((number) => ({ number, owner: null }))];
    for (const { number, owner } of candidates) {
      const place = await this.#take(database, room, number, owner);
      if (!place) continue;
      this.#keepFormer(room, number, place);
      return place;
    }
    throw new Error("too many tabs have this workflow open");
  }

  /**
   * The place this tab had before it was loaded anew. It lies in the session's storage only while no page is there, so that a tab that is
   * duplicated does not take it along.
   */
  #takeFormer(room) {
    try {
      const name = `${this.name} ${room}`;
      const former = JSON.parse(globalThis.sessionStorage.getItem(name));
      globalThis.sessionStorage.removeItem(name);
      return former;
    } catch {
      // Storage may be forbidden; then the place is found like any other.
      return null;
    }
  }

  #keepFormer(room, number, place) {
    const keep = () => {
      if (place.isReleased) return;
      try {
        globalThis.sessionStorage.setItem(`${this.name} ${room}`, JSON.stringify({ number, owner: place.owner }));
      } catch {
        // As above.
      }
    };
    globalThis.addEventListener?.("pagehide", keep);
    // Out of the back-forward cache the page is there again.
    globalThis.addEventListener?.("pageshow", ({ persisted }) => { if (persisted) this.#takeFormer(room); });
  }

  /** @returns {Promise<IndexedDBPlace[]>} */
  async orphans(room) {
    const database = await this.#open();
    const places = [];
    for (const number of await this.#filled(database, room)) {
      const place = await this.#take(database, room, number);
      if (!place) continue;
      if ((await place.pendingCount()) > 0) places.push(place);
      else await place.clear().finally(() => place.release());
    }
    return places;
  }

  #open() {
    this.#database ??= new Promise((resolve, reject) => {
      if (!this.indexedDB) throw new Error("there is no IndexedDB here");
      const request = this.indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("places");
        request.result.createObjectStore("pending");
        request.result.createObjectStore("claims");
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("an older version of this page is open"));
    });
    return this.#database;
  }

  /** Numbers of the places with something in them, those in which changes wait first. */
  async #filled(database, room) {
    const transaction = database.transaction(["places", "pending"]);
    const range = IDBKeyRange.bound([room, 0], [room, placesMax]);
    const [places, pending] = await Promise.all([
      done(transaction.objectStore("places").getAllKeys(range)),
      done(transaction.objectStore("pending").getAllKeys(IDBKeyRange.bound([room, 0, 0], [room, placesMax, 0]))),
    ]);
    const waiting = new Set(pending.map((key) => key[1]));
    const numbers = places.map((key) => key[1]);
    return [...numbers.filter((number) => waiting.has(number)), ...numbers.filter((number) => !waiting.has(number))];
  }

  /**
   * @param {number | null} owner of the page before this one, whose place it was; null: nobody who is to be waited for
   * @returns {Promise<IndexedDBPlace | null>} null when somebody has it
   */
  async #take(database, room, number, owner = null) {
    /** @type {[string, number]} */
    const key = [room, number];
    const self = owner ?? Math.random();
    const release = this.locks ? await this.#lock(`${this.name} ${room} ${number}`, owner !== null) : await this.#beat(database, key, self);
    return release && new IndexedDBPlace(database, key, self, release);
  }

  #lock(name, waits) {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), handoverMilliseconds);
    return new Promise((resolve, reject) => {
      const how = waits ? { signal: giveUp.signal } : { ifAvailable: true };
      this.locks.request(name, how, (lock) => {
        if (!lock) {
          resolve(null);
          return undefined;
        }
        return new Promise((release) => resolve(release));
      }).catch((error) => (giveUp.signal.aborted ? resolve(null) : reject(error)));
    }).finally(() => clearTimeout(timer));
  }

  async #beat(database, key, owner) {
    const sign = async (isFirst) => {
      const transaction = database.transaction("claims", "readwrite");
      const claims = transaction.objectStore("claims");
      const held = await done(claims.get(key));
      const isTaken = held && held.owner !== owner && Date.now() - held.at < silenceMilliseconds;
      if (!isTaken || !isFirst) claims.put({ owner, at: Date.now() }, key);
      await committed(transaction);
      return !isTaken;
    };
    if (!(await sign(true))) return null;
    const timer = setInterval(() => sign(false).catch(() => {}), beatMilliseconds);
    return () => {
      clearInterval(timer);
      database.transaction("claims", "readwrite").objectStore("claims").delete(key);
    };
  }
}

class IndexedDBPlace {
  #release;

  isReleased = false;

  /** @param {IDBDatabase} database @param {[string, number]} key @param {number} owner names the page @param {() => void} release */
  constructor(database, key, owner, release) {
    this.database = database;
    this.key = key;
    this.owner = owner;
    this.#release = release;
    this.range = IDBKeyRange.bound([...key, 0], [...key, Number.MAX_SAFE_INTEGER]);
  }

  pendingCount() {
    return done(this.database.transaction("pending").objectStore("pending").count(this.range));
  }

  async load() {
    const transaction = this.database.transaction(["places", "pending"]);
    const [content, pending] = await Promise.all([
      done(transaction.objectStore("places").get(this.key)), done(transaction.objectStore("pending").getAll(this.range)),
    ]);
    return content ? { ...content, pending } : null;
  }

  append(entry) {
    const transaction = this.#write("pending");
    transaction.objectStore("pending").put(entry, [...this.key, entry.change.seq]);
    return committed(transaction);
  }

  save({ kept, snapshot, pending }) {
    const transaction = this.#write("places", "pending");
    const changes = transaction.objectStore("pending");
    changes.delete(this.range);
    for (const entry of pending) changes.put(entry, [...this.key, entry.change.seq]);
    transaction.objectStore("places").put({ kept, snapshot }, this.key);
    return committed(transaction);
  }

  clear() {
    const transaction = this.#write("places", "pending");
    transaction.objectStore("places").delete(this.key);
    transaction.objectStore("pending").delete(this.range);
    return committed(transaction);
  }

  release() {
    this.isReleased = true;
    this.#release();
  }

  #write(...stores) {
    return this.database.transaction(stores, "readwrite", { durability: "strict" });
  }
}
