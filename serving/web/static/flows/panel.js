// What stands beside the canvas? The form of what is selected, what was found in it, or a report.

import { fill, glyph, h } from "./dom.js";
import { field, fields, labelled, renumber } from "./form.js";
import { KIND_HELP, KIND_WORDS, titleOf } from "./words.js";

export class Panel {
  /** @param {HTMLElement} root @param {{close: () => void}} act */
  constructor(root, act) {
    this.root = root;
    this.title = h("h2", { tabindex: -1 });
    this.body = h("div", { class: "panel-body" });
    root.replaceChildren(h("div", { class: "panel-head" }, this.title, h("button", { type: "button", class: "plain", onclick: act.close }, "Close")), this.body);
  }

  /** Show a report. @param {string} title @param {(Node|string)[]} children */
  show(title, children) {
    const focused = document.activeElement, at = this.#controls().indexOf(focused);
    const top = this.body.scrollTop;
    fill(this.title, title);
    fill(this.body, children);
    this.body.scrollTop = top;
    this.root.hidden = false;
    if (at >= 0) this.#again(focused, at)?.focus({ preventScroll: true });
  }

  #controls() {
    return [...this.body.querySelectorAll("input, select, textarea, button, a")];
  }

  /** Find the control that had the focus in a form that was drawn anew, or what is in its place. */
  #again(focused, at) {
    const controls = this.#controls(), isSame = (one) => one?.textContent === focused.textContent && one.tagName === focused.tagName;
    if (focused.id) return controls.find((one) => one.id === focused.id);
    return isSame(controls[at]) ? controls[at] : controls.find(isSame) ?? controls[Math.min(at, controls.length - 1)];
  }

  hide() {
    this.root.hidden = true;
  }

  /** Put the focus into the form's first field. */
  enter() {
    (this.body.querySelector("input, select, textarea") ?? this.title).focus();
  }

  /** Show the form of a step. @param {import("./form.js").Context} context @param {any} act */
  step(context, flow, id, findings, act) {
    renumber();
    const step = flow.steps[id];
    this.show(titleOf(flow, id), [
      h("p", { class: "kind-line" }, glyph(step.kind), h("span", {}, h("b", {}, KIND_WORDS[step.kind]), ` · ${KIND_HELP[step.kind]}`)),
      found(findings),
      h("div", { class: `form kind-${step.kind}` }, fields(context, context.schema.step(step.kind), step, ["steps", id], step.event === "goal_reached" ? [] : ["goal"]),
        labelled("Name in the document", h("input", { type: "text", value: id, maxlength: 40, pattern: "[a-z][a-z0-9_]*", spellcheck: "false", disabled: !context.mayEdit,
          onchange: (event) => act.rename(id, event.target.value.trim()) }), "Small letters, digits and _")),
      step.kind === "message" && step.channel !== "slack" && h("p", {}, h("a", { href: context.wordsAt(step) }, "Look at its words")),
      context.mayEdit && h("div", { class: "buttons" },
        step.kind !== "end" && h("button", { type: "button", class: "quiet", onclick: () => act.addAfter(id) }, "Add a step after it"),
        h("button", { type: "button", class: "quiet danger", onclick: () => act.remove(id) }, "Delete step")),
    ]);
  }

  /** Show the form of the flow itself. @param {import("./form.js").Context} context */
  flow(context, flow, findings, rank) {
    renumber();
    const own = ["name", "description"].map((name) => field(context, name, context.schema.flow(name), flow[name], [name]));
    const rest = ["goals", "exits", "quiet_hours", "message_caps"].map((name) => field(context, name, context.schema.flow(name), flow[name], [name]));
    const order = rank && labelled("Rank", h("input", { type: "number", min: 0, max: 10000, step: 1, value: rank.value, disabled: !context.mayEdit, onchange: (event) => rank.change(Number.parseInt(event.target.value, 10) || 0) }), "Of several flows that would take an episode, the lowest does");
    this.show("The flow", [
      found(findings), h("div", { class: "form kind-trigger" }, own, fields(context, context.schema.flow("trigger"), flow.trigger, ["trigger"]),
        labelled("First step", startOf(context, flow)), rest, order)].filter(Boolean));
  }
}

/** Return findings as a list; with `go`, each is a button to its step. */
export function found(findings, flow, go) {
  if (!findings.length) return null;
  return h("ul", { class: "findings" }, findings.map((one) => h("li", { class: one.severity },
    go && h("button", { type: "button", class: "plain", onclick: () => go(one.step) }, titleOf(flow, one.step)),
    h("span", {}, one.message), h("small", {}, one.next_step))));
}

function startOf(context, flow) {
  const made = h("select", { disabled: !context.mayEdit, onchange: (event) => context.change(["start"], event.target.value) },
    context.steps.map(([id, title]) => h("option", { value: id }, title)));
  made.value = flow.start;
  return made;
}

