// What is on the desk? The document with its history, what was saved of it, what was found in it.

import { same } from "./differences.js";
import { History, Kept } from "./history.js";

const LOOK_AFTER = 500;

export class Desk {
  /**
   * @param {import("./api.js").Api} api
   * @param {any} detail The flow as GET /v1/recovery/flows/{id} shows it.
   * @param {string} workspace
   * @param {{changed: () => void}} act
   */
  constructor(api, detail, workspace, act) {
    Object.assign(this, { api, act, detail, findings: detail.findings, rank: detail.rank });
    this.history = new History(detail.draft);
    this.kept = new Kept(`${workspace}.${detail.id}`);
  }

  get flow() {
    return this.history.flow;
  }

  get isSaved() {
    return this.rank === this.detail.rank && same(this.flow, this.detail.draft);
  }

  /** Take an edit. @returns {boolean} Whether it changes anything. */
  edit(flow) {
    return this.history.edit(flow) && this.#moved();
  }

  undo() {
    return this.history.undo() && this.#moved();
  }

  redo() {
    return this.history.redo() && this.#moved();
  }

  order(rank) {
    this.rank = rank;
    this.act.changed();
  }

  /** Keep the draft on the server, faults and all; what somebody else saved meanwhile is not lost. */
  async save() {
    this.take(await this.api.put(`flows/${this.detail.id}`, { document: this.flow, rank: this.rank, based_on: this.detail.updated_at }));
  }

  /** Publish, roll back, pause, resume or archive. */
  async change(wanted) {
    if (wanted.do === "publish" && !this.isSaved) await this.save();
    this.take(await this.api.post(`flows/${this.detail.id}/changes`, wanted));
  }

  /** Have what the server shows now. */
  take(detail) {
    const sent = this.flow;
    this.detail = detail;
    if (same(sent, detail.draft)) {
      this.findings = detail.findings;
      this.kept.forget();
    }
    this.act.changed();
  }

  /** Return work that was left unsaved here, if there is any. */
  left() {
    const found = this.kept.find();
    if (!found || same(found.flow, this.flow)) return null;
    return { ...found, isStale: found.since !== this.detail.updated_at };
  }

  #moved() {
    if (this.isSaved) this.kept.forget();
    else this.kept.keep(this.flow, this.detail.updated_at);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.look(), LOOK_AFTER);
    this.act.changed();
    return true;
  }

  /** Ask the server what is wrong with the document as it is now. */
  async look() {
    const asked = this.flow;
    try {
      const { findings } = await this.api.post("flow_validations", { document: asked });
      if (asked === this.flow) this.findings = findings;
    } catch (refusal) {
      if (asked === this.flow) this.findings = schemaFindings(refusal);
    }
    this.act.changed();
  }
}

/** Read which steps a refusal of the schema speaks of: `steps.tries.retry.schedule.0.days: …; …`. */
function schemaFindings(refusal) {
  return (refusal.detail || refusal.message).split("; ").map((text) => {
    const at = /^steps\.([a-z][a-z0-9_]*)(?:\.[a-z]+)?\.?(.*)$/s.exec(text);
    return { code: "schema", severity: "error", step: at?.[1] ?? "", message: at ? at[2] : text, next_step: "Correct the value: the draft cannot be saved with it." };
  });
}
