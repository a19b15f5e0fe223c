// What stands at each step beside what it is? Findings, a simulation's numbers, or what differs.

import { TRIGGER } from "./document.js";
import { h } from "./dom.js";
import { simulationMarks } from "./simulation.js";
import { titleOf } from "./words.js";

const WORDS = { added: "Added", removed: "Removed", changed: "Changed" };

/**
 * Return what to write at which step.
 * @param {any} state Which report is open, and what it found.
 * @param {import("./desk.js").Desk} desk
 * @returns {Map<string, {class?: string, badge?: {kind: string, text: string}, notes?: {class: string, text: string}[]}>}
 */
export function marksOf(state, desk) {
  if (state.report === "version") return new Map();
  if (state.report === "difference") {
    return new Map([...state.difference.steps].map(([id, { state: what }]) => [id, { class: what, badge: { kind: what, text: what } }]));
  }
  const shown = state.report === "simulation" ? simulationMarks(state.simulation) : new Map();
  for (const id of new Set(desk.findings.map((one) => one.step))) {
    const own = desk.findings.filter((one) => one.step === id), isFault = own.some((one) => one.severity === "error");
    const text = own.length > 1 ? `${own.length} found` : isFault ? "1 fault" : "1 advice";
    shown.set(id, { ...shown.get(id), badge: { kind: isFault ? "error" : "warning", text } });
  }
  return shown;
}

/** Return the panel of what differs between two versions. */
export function changesPanel({ steps, merged, names }) {
  return [h("p", { class: "soft" }, `From ${names[0]} to ${names[1]}`),
    steps.size ? h("ul", { class: "changes" }, [...steps].map(([id, { state: what, texts }]) => h("li", { class: what },
      h("span", { class: `flag ${what}` }, WORDS[what]), h("b", {}, id === TRIGGER ? "The flow itself" : titleOf(merged, id)), texts.map((text) => h("span", { class: "text" }, text))))) : h("p", {}, "They are the same.")];
}
