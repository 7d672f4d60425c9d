/** Random numbers from a seed (mulberry32), so that a failing run can be had again. */
export class Random {
  constructor(seed) {
    this.state = (seed * 0x9e3779b1 + 0x7f4a7c15) | 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(bound) { return Math.floor(this.next() * bound); }
  chance(percent) { return this.below(100) < percent; }
  pick(list) { return list[this.below(list.length)]; }
}
