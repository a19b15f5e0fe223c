// Which step shall be added? A menu of the kinds, by pointer, by key, or dragged onto the canvas.

import { KINDS } from "./document.js";
import { glyph, h } from "./dom.js";
import { KIND_HELP, KIND_WORDS } from "./words.js";

export class Palette {
  /** @param {HTMLDialogElement} root */
  constructor(root) {
    this.root = root;
    this.act = () => {};
    this.back = null;
    this.list = h("ul", { class: "kinds" }, KINDS.map((kind) => h("li", {}, h("button", { type: "button", class: `kind kind-${kind}`, "data-kind": kind, onclick: () => this.#take(kind) },
      h("span", { class: "tile" }, glyph(kind)), h("span", { class: "face" }, h("b", {}, KIND_WORDS[kind]), h("span", { class: "says" }, KIND_HELP[kind]))))));
    this.title = h("h2", {});
    root.replaceChildren(h("div", { class: "panel-head" }, this.title, h("button", { type: "button", class: "plain", onclick: () => root.close() }, "Close")), this.list);
    this.list.addEventListener("keydown", (event) => {
      const buttons = [...this.list.querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      buttons[(at + by + buttons.length) % buttons.length].focus();
    });
  }

  /** Ask which kind. @param {string} title @param {(kind: string) => void} act */
  ask(title, act) {
    this.act = act;
    this.title.textContent = title;
    this.root.showModal();
    this.list.querySelector("button").focus();
  }

  #take(kind) {
    this.root.close();
    this.act(kind);
  }
}
