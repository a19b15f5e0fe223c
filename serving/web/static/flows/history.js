// What was the document before? Every edit is a document; undo and redo go along them.

const MOST = 200;

export class History {
  /** @param {any} flow */
  constructor(flow) {
    this.past = [];
    this.flow = flow;
    this.future = [];
  }

  /** Take an edit's document; one that changes nothing is none. @returns {boolean} */
  edit(flow) {
    if (JSON.stringify(flow) === JSON.stringify(this.flow)) return false;
    this.past = [...this.past, this.flow].slice(-MOST);
    this.flow = flow;
    this.future = [];
    return true;
  }

  undo() {
    return this.#go(this.past, this.future);
  }

  redo() {
    return this.#go(this.future, this.past);
  }

  #go(from, to) {
    if (!from.length) return false;
    to.push(this.flow);
    this.flow = from.pop();
    return true;
  }
}

/** Work that was not saved, kept in the browser until it is. */
export class Kept {
  /** @param {string} name What the work belongs to. */
  constructor(name) {
    this.name = `oppulence.flow.${name}`;
  }

  /** @param {any} flow @param {string} since Which saved draft it was made from. */
  keep(flow, since) {
    try {
      localStorage.setItem(this.name, JSON.stringify({ flow, since, at: new Date().toISOString() }));
    } catch {
      // A full or forbidden store: the page warns before it is left, as without it.
    }
  }

  /** @returns {{flow: any, since: string, at: string}|null} */
  find() {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? "null");
    } catch {
      return null;
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.name);
    } catch {
      // There was none.
    }
  }
}
