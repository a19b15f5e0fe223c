// What does the pointer do on the canvas? Drags the view, steps, and ways from their ports; pinches.

const MOVED = 4;

/**
 * @param {import("./canvas.js").Canvas} canvas
 * @param {{mayEdit: () => boolean, select: (id: string) => void, edit: (id: string) => void,
 *   move: (id: string, place: {x: number, y: number}) => void, connect: (id: string, port: string, to: string) => void,
 *   grow: (id: string, port: string, at: {x: number, y: number}) => void, drop: (kind: string, at: {x: number, y: number}, wire?: string) => void}} act
 */
export function listenToPointers(canvas, act) {
  const { root } = canvas, fingers = new Map();
  let held = null;
  root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, event);
    const at = event.target.closest("[data-step]"), { step, port } = at?.dataset ?? {};
    const begun = { x: event.clientX, y: event.clientY, hasMoved: false };
    if (port !== undefined && act.mayEdit()) held = { ...begun, does: "connect", step, port };
    else if (at && port === undefined && step && act.mayEdit()) held = { ...begun, does: "move", step, from: canvas.places.get(step) };
    else held = { ...begun, does: "pan", step: port === undefined ? step : undefined, view: { ...canvas.view } };
  });
  root.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (before) fingers.set(event.pointerId, event);
    if (fingers.size === 2 && before) return pinch(canvas, fingers, before, event);
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y, { scale } = canvas.view;
    if (!held.hasMoved && Math.hypot(dx, dy) < MOVED) return;
    if (!held.hasMoved) root.setPointerCapture(event.pointerId);
    held.hasMoved = true;
    if (held.does === "pan") canvas.look({ x: held.view.x + dx, y: held.view.y + dy });
    if (held.does === "move") {
      held.to = { x: held.from.x + dx / scale, y: held.from.y + dy / scale };
      const box = canvas.element(held.step).parentElement;
      box.style.transform = `translate(${held.to.x}px, ${held.to.y}px)`;
      box.classList.add("lifted");
    }
    if (held.does === "connect") {
      canvas.drag(held.step, held.port, canvas.point(event));
      aim(canvas, below(event));
    }
  });
  const let_go = (event) => {
    fingers.delete(event.pointerId);
    const done = held;
    held = null;
    if (!done || event.type === "pointercancel") return canvas.drag("", "", null);
    if (done.does === "connect" && done.hasMoved) {
      canvas.drag(done.step, done.port, null);
      aim(canvas, undefined);
      const to = below(event);
      if (to) act.connect(done.step, done.port, to);
      else if (to === undefined) act.grow(done.step, done.port, canvas.point(event));
    } else if (done.does === "move" && done.hasMoved) act.move(done.step, done.to);
    else if (done.step !== undefined && !done.hasMoved) act.select(done.step);
  };
  root.addEventListener("pointerup", let_go);
  root.addEventListener("pointercancel", let_go);
  root.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = root.getBoundingClientRect(), { x, y } = canvas.view;
    if (event.ctrlKey || event.metaKey) canvas.zoom(Math.exp(-event.deltaY / 200), { x: event.clientX - frame.left, y: event.clientY - frame.top });
    else canvas.look({ x: x - event.deltaX, y: y - event.deltaY });
  }, { passive: false });
  root.addEventListener("dblclick", (event) => {
    const at = event.target.closest(".step");
    if (at) act.edit(at.dataset.step);
  });
  root.addEventListener("dragover", (event) => { if (act.mayEdit()) event.preventDefault(); });
  root.addEventListener("drop", (event) => {
    const kind = event.dataTransfer.getData("application/x-step");
    if (!kind) return;
    event.preventDefault();
    act.drop(kind, canvas.point(event));
  });
}

/** The step below the pointer: its name, undefined for the empty canvas, null for another thing. */
function below(event) {
  const found = document.elementFromPoint(event.clientX, event.clientY);
  const box = found?.closest(".box");
  if (box) return box.querySelector(".step").dataset.step || null;
  return found?.closest(".canvas") ? undefined : null;
}

function aim(canvas, id) {
  canvas.steps.querySelector(".aimed")?.classList.remove("aimed");
  if (id) canvas.element(id)?.parentElement.classList.add("aimed");
}

function pinch(canvas, fingers, before, now) {
  const other = [...fingers.values()].find((one) => one.pointerId !== now.pointerId);
  const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
  const frame = canvas.root.getBoundingClientRect();
  canvas.zoom(apart(now) / Math.max(apart(before), 1), { x: (now.clientX + other.clientX) / 2 - frame.left, y: (now.clientY + other.clientY) / 2 - frame.top });
}
