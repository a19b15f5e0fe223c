// What do keys do on the canvas? Everything that the pointer can.

import { exits, TRIGGER } from "./document.js";
import { WIDTH } from "./layout.js";
import { portWords, titleOf } from "./words.js";

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const NUDGE = 24;

/**
 * @param {import("./canvas.js").Canvas} canvas
 * @param {any} act As for the pointer, with `remove`, `addAfter` and `say`.
 */
export function listenToKeys(canvas, act) {
  let wiring = null;
  const tell = () => {
    const ways = exits(canvas.flow, wiring.from), { port } = ways[wiring.at];
    const more = ways.length > 1 ? "C takes the next way out, " : "";
    act.say(`Connecting “${portWords(canvas.flow.steps[wiring.from], port)}” of “${titleOf(canvas.flow, wiring.from)}”: arrows choose a step, Enter connects, ${more}Escape leaves it.`, true);
  };
  const stop = (said = "") => {
    wiring = null;
    canvas.root.classList.remove("wiring");
    canvas.drag("", "", null);
    act.say(said);
  };
  const show = (id) => {
    const { x, y } = canvas.places.get(id);
    canvas.drag(wiring.from, exits(canvas.flow, wiring.from)[wiring.at].port, { x: x + WIDTH / 2, y });
  };
  canvas.root.addEventListener("keydown", (event) => {
    const id = event.target.closest?.(".step")?.dataset.step;
    if (id === undefined || event.ctrlKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.altKey) {
      if (id === TRIGGER || !act.mayEdit()) return;
      const { x, y } = canvas.places.get(id);
      act.move(id, { x: x + arrow[0] * NUDGE, y: y + arrow[1] * NUDGE });
    } else if (arrow) {
      const to = beside(canvas.places, id, arrow, wiring ? TRIGGER : null);
      if (to === undefined) return event.preventDefault();
      if (wiring) {
        canvas.focus(to);
        show(to);
      } else act.select(to);
    } else if (event.key === "Enter" && wiring) {
      const { from, at } = wiring, { port } = exits(canvas.flow, from)[at];
      stop(`Connected to “${titleOf(canvas.flow, id)}”.`);
      act.connect(from, port, id);
      act.select(from);
    } else if (event.key === "Enter") act.edit(id);
    else if (event.key === "Escape" && wiring) {
      const { from } = wiring;
      stop("Not connected.");
      canvas.focus(from);
    } else if (event.key === " ") act.select(id);
    else if (!act.mayEdit() || event.altKey) return;
    else if (event.key === "Delete" || event.key === "Backspace") {
      if (id !== TRIGGER) act.remove(id);
    } else if (event.key.toLowerCase() === "a") act.addAfter(id);
    else if (event.key.toLowerCase() === "c") {
      const from = wiring?.from ?? id, ways = exits(canvas.flow, from).length;
      if (!ways) return act.say("The flow ends here: no way leads on.");
      wiring = { from, at: wiring ? (wiring.at + 1) % ways : 0 };
      canvas.root.classList.add("wiring");
      if (id !== from) show(id);
      tell();
    } else return;
    event.preventDefault();
  });
  return { isWiring: () => wiring !== null, stop };
}

/** The nearest step in a direction; what lies straight ahead counts as nearer. */
function beside(places, id, [right, down], without) {
  const from = middle(places.get(id));
  let best, least = Infinity;
  for (const [other, place] of places) {
    if (other === id || other === without) continue;
    const to = middle(place), along = (to.x - from.x) * right + (to.y - from.y) * down;
    const across = Math.abs((to.x - from.x) * down) + Math.abs((to.y - from.y) * right);
    const far = along + 2 * across;
    if (along > 8 && far < least) [best, least] = [other, far];
  }
  return best;
}

function middle({ x, y, h }) {
  return { x: x + WIDTH / 2, y: y + h / 2 };
}
