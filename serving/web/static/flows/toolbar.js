// What can be done, and how do things stand? The bar above the canvas; keys that hold everywhere.

import { fill, glyph, h } from "./dom.js";

const STATES = { draft: "Draft", live: "Live", paused: "Paused", archived: "Archived" };
// What asks first, and how.
const SURE = {
  publish: "Publish this draft? New episodes take it at once; running ones stay on their version.",
  pause: "Pause this flow? It takes no new episodes, and running ones stand still.",
  archive: "Archive this flow? It takes no new episodes.",
};

/** @param {HTMLElement} root */
export function toolbar(root) {
  const all = (name) => root.querySelectorAll(`[data-do="${name}"]`);
  const able = (name, isAble) => all(name).forEach((one) => { one.disabled = !isAble; });
  const seen = (name, isSeen) => all(name).forEach((one) => { one.hidden = !isSeen; });
  return {
    /** Bind the buttons. */
    listen(act, attempt, mayAct) {
      const does = { ...act, pause: () => act.change({ do: "pause" }), resume: () => act.change({ do: "resume" }), archive: () => act.change({ do: "archive" }) };
      root.querySelectorAll("[data-do]").forEach((one) => one.addEventListener("click", attempt(async () => {
        if (!SURE[one.dataset.do] || await sure(root.querySelector(".sure"), SURE[one.dataset.do], one.textContent.trim())) await does[one.dataset.do]();
      })));
      root.querySelectorAll("[data-kind]").forEach((one) => {
        if (one.closest("dialog")) return;
        one.append(glyph(one.dataset.kind));
        one.addEventListener("click", () => act.mayEdit() && act.addHere(one.dataset.kind));
        one.addEventListener("dragstart", (event) => event.dataTransfer.setData("application/x-step", one.dataset.kind));
      });
      document.addEventListener("keydown", (event) => {
        if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
        const key = event.key.toLowerCase(), isText = /^(input|textarea)$/i.test(event.target.tagName) && event.target.type !== "checkbox";
        const does_ = key === "s" ? act.save : isText ? null : key === "y" || (key === "z" && event.shiftKey) ? act.redo : key === "z" ? act.undo : null;
        if (!does_ || !mayAct) return;
        event.preventDefault();
        if (isText) event.target.blur();
        attempt(async () => does_())();
      });
    },
    /** Show how things stand. */
    show(desk, boot, mayEdit) {
      const { state, live_version: version } = desk.detail, errors = desk.findings.filter((one) => one.severity === "error").length;
      root.querySelector(".name").textContent = desk.flow.name;
      if (state) fill(root.querySelector(".standing"), h("span", { class: `badge ${state === "live" ? "good" : state === "paused" ? "warn" : ""}` }, version ? `${STATES[state]} · version ${version}` : STATES[state]),
        boot.mayAct && h("span", { class: `badge ${desk.isSaved ? "" : "cool"}` }, desk.isSaved ? "Saved" : "Not saved"));
      able("undo", mayEdit && desk.history.past.length > 0);
      able("redo", mayEdit && desk.history.future.length > 0);
      able("save", mayEdit && !desk.isSaved);
      able("publish", mayEdit && !errors);
      ["add", "tidy"].forEach((name) => able(name, mayEdit));
      seen("pause", state === "live");
      seen("resume", state === "paused");
      seen("archive", state === "paused" || state === "draft");
      all("problems").forEach((one) => {
        one.textContent = desk.findings.length ? `${desk.findings.length} found` : "No faults";
        one.classList.toggle("bad", errors > 0);
      });
    },
    /** Offer work that was left unsaved. */
    offer(left, take, drop) {
      const place = root.querySelector(".offer");
      place.hidden = !left;
      if (!left) return;
      const done = (does) => () => { does(); place.hidden = true; };
      fill(place, h("span", {}, `You left unsaved work here on ${new Date(left.at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}.${left.isStale ? " The draft was saved since." : ""}`),
        h("button", { type: "button", class: "small-button", onclick: done(() => take(left.flow)) }, "Take it up again"), h("button", { type: "button", class: "small-button", onclick: done(drop) }, "Discard it"));
    },
  };
}

function sure(dialog, text, name) {
  return new Promise((answer) => {
    const close = (is) => () => { dialog.close(); answer(is); };
    fill(dialog, h("p", {}, text), h("div", { class: "buttons" }, h("button", { type: "button", onclick: close(true) }, name), h("button", { type: "button", class: "quiet", onclick: close(false) }, "Cancel")));
    dialog.oncancel = () => answer(false);
    dialog.showModal();
  });
}
