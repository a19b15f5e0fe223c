// How is a flow drawn? Steps as elements that can have the focus, ways between them as one SVG.

import { exits, inOrder, TRIGGER, UNCONNECTED } from "./document.js";
import { glyph, h } from "./dom.js";
import { layOut, WIDTH } from "./layout.js";
import { KIND_WORDS, portWords, summary, titleOf, triggerWords } from "./words.js";

const MARGIN = 48;

export class Canvas {
  /** @param {HTMLElement} root Where to draw: `.canvas` of the page. */
  constructor(root) {
    this.root = root;
    this.view = { x: 0, y: 0, scale: 1 };
    this.layer = h("div", { class: "layer" });
    this.wires = h("svg", { class: "wires", "aria-hidden": "true" });
    this.steps = h("div", { class: "steps", role: "list", "aria-label": "Steps of the flow" });
    this.layer.append(this.wires, this.steps);
    root.replaceChildren(this.layer);
    // A browser that brings a focused step into sight scrolls the frame: that is a move of the view.
    root.addEventListener("scroll", () => {
      const { scrollLeft, scrollTop } = root;
      root.scrollTo(0, 0);
      if (scrollLeft || scrollTop) this.look({ x: this.view.x - scrollLeft, y: this.view.y - scrollTop });
    });
  }

  /**
   * Draw a document.
   * @param {any} flow
   * @param {{selected?: string|null, mayEdit?: boolean, marks?: Map<string, any>, wires?: Map<string, string>}} [how]
   *   `marks`: what stands at a step (class, badge, notes); `wires`: a class for a way, by `step|port`.
   */
  draw(flow, { selected = null, mayEdit = false, marks = new Map(), wires = new Map() } = {}) {
    this.flow = flow;
    const focused = this.steps.contains(document.activeElement) ? document.activeElement.dataset.step : undefined;
    Object.assign(this, layOut(flow));
    const ids = [TRIGGER, ...inOrder(flow)];
    const tabbed = ids.includes(selected) ? selected : TRIGGER;
    renew(this.steps, ids.map((id) => this.#step(flow, id, id === selected, id === tabbed, mayEdit, marks.get(id) ?? {})));
    this.wires.replaceChildren(...ids.flatMap((id) => this.#wires(flow, id, wires)));
    if (focused !== undefined && document.activeElement === document.body) this.focus(focused);
  }

  /** Draw one more way, to where the pointer is. @param {{x: number, y: number}|null} to */
  drag(from, port, to) {
    this.wires.querySelector(".dragged")?.remove();
    if (to) this.wires.append(h("path", { class: "wire dragged", d: curve([this.portAt(from, port), to]) }));
  }

  /** Return where a way out begins. */
  portAt(id, port) {
    const { x, y, h: tall } = this.places.get(id), all = exits(this.flow, id);
    const n = Math.max(all.findIndex((way) => way.port === port), 0);
    return { x: x + (WIDTH * (n + 0.5)) / all.length, y: y + tall };
  }

  /** Put the focus on a step and into sight. */
  focus(id) {
    const found = this.element(id);
    if (!found) return;
    found.focus({ preventScroll: true });
    const at = found.getBoundingClientRect(), frame = this.root.getBoundingClientRect();
    const over = (low, high, from, to) => (low < from ? from - low : high > to ? to - high : 0);
    const dx = over(at.left - MARGIN, at.right + MARGIN, frame.left, frame.right);
    const dy = over(at.top - MARGIN, at.bottom + MARGIN, frame.top, frame.bottom);
    if (dx || dy) this.look({ x: this.view.x + dx, y: this.view.y + dy });
  }

  element(id) {
    return this.steps.querySelector(`.step[data-step="${id}"]`);
  }

  /** Move or scale the view. @param {Partial<{x: number, y: number, scale: number}>} view */
  look(view) {
    Object.assign(this.view, view);
    const { x, y, scale } = this.view;
    this.layer.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.root.style.backgroundPosition = `${x}px ${y}px`;
    this.root.style.backgroundSize = `${24 * scale}px ${24 * scale}px`;
  }

  /** Scale about a point of the frame, by default its middle. */
  zoom(factor, at) {
    const { width, height } = this.root.getBoundingClientRect();
    const { x, y } = at ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(Math.max(this.view.scale * factor, 0.2), 2), ratio = scale / this.view.scale;
    this.look({ scale, x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio });
  }

  /** Show the whole flow; where it would be too small to read, its beginning. */
  fit(least = 0.78) {
    const beside = this.steps.querySelector(".notes") ? WIDTH : 0;
    const all = [...this.places.values()], frame = this.root.getBoundingClientRect();
    const left = Math.min(...all.map((one) => one.x)), right = Math.max(...all.map((one) => one.x)) + WIDTH + beside;
    const top = Math.min(...all.map((one) => one.y)), bottom = Math.max(...all.map((one) => one.y + one.h));
    const wanted = Math.min((frame.width - 2 * MARGIN) / (right - left), (frame.height - 2 * MARGIN) / (bottom - top));
    const scale = Math.min(Math.max(wanted, least), 1);
    const isWide = (right - left) * scale > frame.width;
    const middle = isWide ? this.places.get(TRIGGER).x + (WIDTH + beside) / 2 : (left + right) / 2;
    this.look({ scale, x: frame.width / 2 - middle * scale, y: wanted >= least ? (frame.height - (bottom - top) * scale) / 2 - top * scale : MARGIN - top * scale });
  }

  /** Return a point of the flow for one of the window. */
  point(event) {
    const frame = this.root.getBoundingClientRect();
    return { x: (event.clientX - frame.left - this.view.x) / this.view.scale, y: (event.clientY - frame.top - this.view.y) / this.view.scale };
  }

  #step(flow, id, isSelected, isTabbed, mayEdit, mark) {
    const step = flow.steps[id], kind = id === TRIGGER ? "trigger" : step.kind, ways = exits(flow, id);
    const says = id === TRIGGER ? triggerWords(flow) : summary(step);
    const title = id === TRIGGER ? "Starts when" : titleOf(flow, id);
    const leads = ways.map((way) => `${portWords(step, way.port)} leads to ${titleOf(flow, way.to)}`).join("; ");
    const spoken = [id === TRIGGER ? title : `${KIND_WORDS[kind]}: ${title}`, says, leads, ...(mark.notes ?? []).map((note) => note.text)].filter(Boolean).join(". ");
    const face = h("button", { type: "button", class: "step", "data-step": id, tabindex: isTabbed ? 0 : -1, "aria-label": spoken, "aria-pressed": String(isSelected) },
      h("span", { class: "tile" }, glyph(kind)),
      h("span", { class: "face" }, h("b", {}, title), h("span", { class: "says" }, says)),
      mark.badge && h("span", { class: `flag ${mark.badge.kind}` }, mark.badge.text));
    const ports = ways.map((way) => h("button", { type: "button", class: `port${way.to in flow.steps ? "" : " open"}`, "data-step": id, "data-port": way.port, tabindex: -1, disabled: !mayEdit,
      "aria-label": `Connect ${portWords(step, way.port)} of ${title}`, title: portWords(step, way.port) },
      ways.length > 1 && h("span", { class: "port-name" }, portWords(step, way.port)), h("span", { class: "dot" })));
    const box = h("div", { class: `box kind-${kind} ${mark.class ?? ""}${isSelected ? " selected" : ""}`, role: "listitem" },
      face, ports.length > 0 && h("div", { class: `ports${ports.length > 1 ? " named" : ""}` }, ports),
      mark.notes?.length && h("div", { class: "notes", "aria-hidden": "true" }, mark.notes.map((note) => h("span", { class: note.class }, note.text))));
    const { x, y, h: tall } = this.places.get(id);
    Object.assign(box.style, { transform: `translate(${x}px, ${y}px)`, width: `${WIDTH}px`, height: `${tall}px` });
    return box;
  }

  #wires(flow, id, classes) {
    return exits(flow, id).filter((way) => way.to !== UNCONNECTED && this.places.has(way.to)).flatMap((way) => {
      const key = `${id}|${way.port}`, from = this.portAt(id, way.port), at = this.places.get(way.to);
      const to = { x: at.x + WIDTH / 2, y: at.y };
      const d = to.y > from.y ? curve([from, ...(this.bends.get(key) ?? []), to]) : around(from, to);
      const extra = classes.get(key) ?? "";
      return [h("path", { class: `wire ${extra}`, d, "data-wire": key }), h("path", { class: `tip ${extra}`, d: `M${to.x - 5} ${to.y - 8}L${to.x} ${to.y}L${to.x + 5} ${to.y - 8}` })];
    });
  }
}

/** Put boxes in place of others; those that look the same stay, with focus and pointer on them. */
function renew(root, boxes) {
  const before = [...root.children];
  if (before.length !== boxes.length) return root.replaceChildren(...boxes);
  boxes.forEach((box, n) => before[n].isEqualNode(box) || before[n].replaceWith(box));
}

function curve(points) {
  return points.reduce((line, to, n) => {
    if (!n) return `M${to.x} ${to.y}`;
    const from = points[n - 1], middle = (from.y + to.y) / 2;
    return from.x === to.x ? `${line}L${to.x} ${to.y}` : `${line}C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
  }, "");
}

/** A way back up, round the right side. */
function around(from, to) {
  const side = Math.max(from.x, to.x) + WIDTH / 2 + 56;
  return `M${from.x} ${from.y}C${from.x} ${from.y + 48} ${side} ${from.y + 48} ${side} ${from.y - 8}L${side} ${to.y + 8}C${side} ${to.y - 48} ${to.x} ${to.y - 48} ${to.x} ${to.y}`;
}
