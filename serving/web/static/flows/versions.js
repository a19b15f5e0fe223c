// Which versions were published? Each can be compared, or gone back to.

import { h } from "./dom.js";

/** @param {import("./desk.js").Desk} desk @param {any[]} versions Newest first. */
export function versionsPanel(desk, versions, mayAct, act) {
  const draft = ["the draft", desk.flow];
  const all = [draft, ...versions.map((one) => [`version ${one.version}`, one.document])];
  const pick = (id, label, chosen) => {
    const made = h("select", { id }, all.map(([name], n) => h("option", { value: n, selected: n === chosen }, name)));
    return h("div", { class: "field" }, h("label", { for: id }, label), made);
  };
  const from = pick("compare-from", "Compare", Math.min(1, all.length - 1)), to = pick("compare-to", "With", 0);
  const chosen = (field) => all[Number(field.querySelector("select").value)];
  return [
    versions.length ? h("div", { class: "form" }, from, to, h("button", { type: "button", class: "quiet", onclick: () => {
      const [before, after] = [chosen(from), chosen(to)];
      act.compare(before[1], after[1], [before[0], after[0]]);
    } }, "Show what differs")) : h("p", {}, "It was never published."),
    h("ol", { class: "versions" }, versions.map((one, n) => h("li", {},
      h("div", {}, h("b", {}, `Version ${one.version}`), one.version === desk.detail.live_version && h("span", { class: "badge good" }, desk.detail.state === "live" ? "live" : "current")),
      h("small", {}, `${new Date(one.published_at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" })} UTC, ${one.published_by}`),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "small-button", "aria-label": `Look at version ${one.version}`, onclick: () => act.look(one) }, "Look at it"),
        h("button", { type: "button", class: "small-button", "aria-label": `Compare version ${one.version} with the one before`, disabled: n + 1 >= versions.length,
          onclick: () => act.compare(versions[n + 1].document, one.document, [`version ${versions[n + 1].version}`, `version ${one.version}`]) }, "What changed"),
        mayAct && one.version !== desk.detail.live_version && h("button", { type: "button", class: "small-button", "aria-label": `Go back to version ${one.version}`, onclick: () => act.change({ do: "rollback", version: one.version }) }, "Go back to it"))))),
  ];
}

/** Return what stands beside a version that is looked at. */
export function versionPanel(one, mayAct, act) {
  return [
    h("p", {}, one.document.description || "It has no description."),
    h("p", { class: "soft" }, `Published ${new Date(one.published_at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" })} UTC by ${one.published_by}. A version never changes.`),
    mayAct && h("button", { type: "button", class: "quiet", onclick: () => act.draft(one) }, "Make it the draft"),
  ];
}
