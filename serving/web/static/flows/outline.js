// How is a flow read without a canvas? As a list of its steps, each with where it leads.

import { exits, inOrder, TRIGGER } from "./document.js";
import { glyph, h } from "./dom.js";
import { KIND_WORDS, portWords, summary, titleOf, triggerWords } from "./words.js";

/** @param {HTMLElement} root @param {any} flow @param {{selected: string|null, marks: Map<string, any>, select: (id: string) => void}} how */
export function drawOutline(root, flow, { selected, marks, select }) {
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.step : undefined;
  const ids = [TRIGGER, ...inOrder(flow)], number = new Map(ids.map((id, n) => [id, n]));
  root.replaceChildren(h("ol", { class: "outline", start: 0 }, ids.map((id) => {
    const step = flow.steps[id], mark = marks.get(id) ?? {}, kind = id === TRIGGER ? "trigger" : step.kind;
    const ways = exits(flow, id).map((way) => h("span", { class: way.to in flow.steps ? "way" : "way open" },
      `${portWords(step, way.port)} → ${way.to in flow.steps ? `${number.get(way.to)} ${titleOf(flow, way.to)}` : "not connected"}`));
    return h("li", { class: `kind-${kind} ${mark.class ?? ""}` },
      h("button", { type: "button", class: "line", "data-step": id, "aria-pressed": String(id === selected), onclick: () => select(id) },
        h("span", { class: "tile" }, glyph(kind)),
        h("span", { class: "face" }, h("small", {}, `${number.get(id) || ""} ${KIND_WORDS[kind]}`.trim()), h("b", {}, id === TRIGGER ? triggerWords(flow) : titleOf(flow, id)),
          id !== TRIGGER && h("span", { class: "says" }, summary(step)), ways, (mark.notes ?? []).map((note) => h("span", { class: `note ${note.class}` }, note.text))),
        mark.badge && h("span", { class: `flag ${mark.badge.kind}` }, mark.badge.text)));
  })));
  if (focused !== undefined) root.querySelector(`[data-step="${focused}"]`)?.focus();
}
