// The flow builder: where document, canvas, panel and server meet.

import { Api } from "./api.js";
import { Canvas } from "./canvas.js";
import { Desk } from "./desk.js";
import { differences } from "./differences.js";
import { add, connect, fitting, inOrder, put, remove, rename, TRIGGER, write } from "./document.js";
import { h } from "./dom.js";
import { listenToPointers } from "./gestures.js";
import { listenToKeys } from "./keys.js";
import { drawOutline } from "./outline.js";
import { Palette } from "./palette.js";
import { found, Panel } from "./panel.js";
import { changesPanel, marksOf } from "./reports.js";
import { Schema } from "./schema.js";
import { simulationPanel } from "./simulation.js";
import { toolbar } from "./toolbar.js";
import { versionPanel, versionsPanel } from "./versions.js";
import { said, titleOf, useExponents } from "./words.js";

const root = document.querySelector(".builder"), part = (name) => root.querySelector(`.${name}`);
const boot = JSON.parse(root.dataset.boot);
useExponents(boot.exponents);
const api = new Api(boot.workspace, boot.token);
const canvas = new Canvas(part("canvas"));
const bar = toolbar(root);
/** @type {{selected: string|null, report: null|"problems"|"versions"|"version"|"simulation"|"difference", simulation?: any, difference?: any, versions?: any[], version?: any}} */
const state = { selected: null, report: null };
let desk, schema, facts = [], keys;

let quiet = 0;
/** Say something; unless it is about what is being done, it goes away. */
function say(text, stays = false) {
  part("status").textContent = text;
  clearTimeout(quiet);
  if (text && !stays) quiet = setTimeout(() => say(""), 6000);
}
const isLooking = () => state.report === "difference" || state.report === "version";
const mayEdit = () => boot.mayAct && !isLooking();
const panel = new Panel(part("details"), { close: () => leave() });
const palette = new Palette(part("palette"));

const act = {
  mayEdit,
  say,
  select(id) {
    if (!isLooking() && state.report !== "simulation") state.report = null;
    state.selected = id;
    draw();
    (isList() ? null : canvas.focus(id));
  },
  edit(id) {
    act.select(id);
    panel.enter();
  },
  connect: (id, port, to) => to !== TRIGGER && desk.edit(connect(desk.flow, id, port, to)),
  move: (id, place) => (id === TRIGGER ? draw() : desk.edit(put(desk.flow, id, place))),
  remove(id) {
    const ids = [TRIGGER, ...inOrder(desk.flow)], before = ids[Math.max(ids.indexOf(id) - 1, 0)];
    if (!desk.edit(remove(desk.flow, id))) return say("The last step cannot be deleted.");
    say(`“${id}” is deleted; Ctrl+Z brings it back.`);
    act.select(before);
  },
  addAfter: (id) => desk.flow.steps[id]?.kind === "end" ? say("The flow ends here: nothing comes after.") : palette.ask(`Add after “${id === TRIGGER ? "Start" : titleOf(desk.flow, id)}”`, (kind) => act.grown(add(desk.flow, kind, { after: id }))),
  grow: (id, port, at) => palette.ask("Add a step here", (kind) => {
    const [made, name] = add(desk.flow, kind, { place: { x: at.x - 124, y: at.y } });
    act.grown([connect(made, id, port, name), name]);
  }),
  drop: (kind, at) => act.grown(add(desk.flow, kind, { place: { x: at.x - 124, y: at.y - 30 } })),
  addHere(kind) {
    const after = state.selected ?? TRIGGER;
    act.grown(add(desk.flow, kind, { after: desk.flow.steps[after]?.kind === "end" ? undefined : after }));
  },
  grown([made, id]) {
    if (!mayEdit()) return;
    desk.edit(made);
    act.edit(id);
  },
  rename(id, name) {
    if (desk.edit(rename(desk.flow, id, name))) state.selected = name;
    draw();
  },
  undo: () => desk.undo() || say("There is nothing to undo."),
  redo: () => desk.redo() || say("There is nothing to do again."),
  tidy: () => { desk.edit({ ...desk.flow, layout: {} }); canvas.fit(); },
  fit: () => canvas.fit(0.2),
  zoom_in: () => canvas.zoom(1.2),
  zoom_out: () => canvas.zoom(1 / 1.2),
  list: () => { root.classList.toggle("as-list"); draw(); if (!isList()) canvas.fit(); },
  add: () => palette.ask("Add a step", act.addHere),
  problems: () => report("problems"),
  async simulate() {
    say("Replaying the past …", true);
    state.simulation = await api.post(`flows/${boot.flow}/simulate`, { document: desk.flow });
    say("");
    report("simulation");
    canvas.fit();
  },
  async versions() {
    state.versions = (await api.get(`flows/${boot.flow}/versions`)).data;
    report("versions");
  },
  compare(before, after, names) {
    state.difference = { ...differences(before, after), names };
    report("difference");
    canvas.fit();
  },
  look(version) {
    state.version = version;
    report("version");
    canvas.fit();
  },
  draft({ document }) {
    state.report = null;
    if (!desk.edit(document)) draw();
    canvas.fit();
  },
  async save() {
    say("Saving …", true);
    await desk.save();
    say("Saved.");
  },
  async publish() {
    await desk.change({ do: "publish" });
    say(`Published as version ${desk.detail.live_version}.`);
  },
  change: (wanted) => desk.change(wanted).then(() => { say("Done."); if (state.report === "versions") return act.versions(); }),
};

/** Do what may fail at the server, and say so where it does. */
const attempt = (does) => async (...given) => {
  try {
    await does(...given);
  } catch (refusal) {
    say(refusal.message);
    part("status").classList.add("failed");
    setTimeout(() => part("status").classList.remove("failed"), 8000);
  }
};

function isList() {
  return root.classList.contains("as-list");
}

function report(name) {
  state.report = name;
  draw();
  panel.title.focus();
}

function leave() {
  const back = state.selected;
  Object.assign(state, { report: null, selected: null });
  draw();
  if (back !== null) canvas.focus(back);
}

function context() {
  return { schema, facts, purposes: boot.purposes, mayEdit: mayEdit(),
    wordsAt: (step) => `${boot.base}/templates/${boot.purposes.includes(step.template) ? step.template : "reminder"}/en/${(step.tone ?? "brand") === "brand" ? boot.voice : step.tone}`,
    steps: inOrder(desk.flow).map((id) => [id, titleOf(desk.flow, id)]),
    goals: (desk.flow.goals ?? []).map((goal) => [goal.name, goal.title || said(goal.name)]),
    change: (path, value) => desk.edit(fitting(write(desk.flow, path, value))) };
}

function draw() {
  const isDifference = state.report === "difference";
  const flow = isDifference ? state.difference.merged : state.report === "version" ? state.version.document : desk.flow;
  if (state.selected && !(state.selected in flow.steps)) state.selected = null;
  const how = { selected: state.selected, marks: marksOf(state, desk), mayEdit: mayEdit(), wires: isDifference ? state.difference.wires : new Map() };
  canvas.draw(flow, how);
  if (isList()) drawOutline(part("listing"), flow, { ...how, select: act.edit });
  bar.show(desk, boot, mayEdit());
  if (state.report === "problems") panel.show("What was found", desk.findings.length ? [found(desk.findings, desk.flow, act.edit)] : [h("p", {}, "Nothing: it can be published.")]);
  else if (state.report === "simulation") panel.show("Simulation", simulationPanel(state.simulation));
  else if (state.report === "versions") panel.show("Versions", versionsPanel(desk, state.versions, boot.mayAct, { ...act, change: attempt(act.change) }));
  else if (state.report === "version") panel.show(`Version ${state.version.version}`, versionPanel(state.version, boot.mayAct, act));
  else if (isDifference) panel.show("What differs", changesPanel(state.difference));
  else if (state.selected === null) panel.hide();
  else if (state.selected === TRIGGER) panel.flow(context(), flow, desk.findings.filter((one) => one.step === ""), { value: desk.rank, change: (rank) => desk.order(rank) });
  else panel.step(context(), flow, state.selected, desk.findings.filter((one) => one.step === state.selected), act);
}

async function begin() {
  const [published, known, detail] = await Promise.all([api.get("flow_schema"), api.get("facts"), boot.flow ? api.get(`flows/${boot.flow}`) : { draft: boot.document, findings: [], rank: 0 }]);
  schema = new Schema(published.json_schema);
  facts = known.data;
  desk = new Desk(api, detail, boot.workspace, { changed: draw });
  if (matchMedia("(max-width: 860px)").matches) root.classList.add("as-list");
  part("read").remove();
  listenToPointers(canvas, act);
  keys = listenToKeys(canvas, act);
  bar.listen(act, attempt, boot.mayAct);
  part("details").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.activeElement.blur();
    if (state.selected === null || state.report) leave();
    (isList() ? part("listing").querySelector(`[data-step="${state.selected ?? TRIGGER}"]`) : canvas.element(state.selected ?? TRIGGER))?.focus();
  });
  root.classList.add("is-ready");
  draw();
  canvas.fit();
  if (!boot.flow) desk.look();
  bar.offer(desk.left(), (flow) => desk.edit(flow), () => desk.kept.forget());
}

begin().catch((refusal) => {
  part("offer").textContent = `The builder could not begin. ${refusal.message}`;
  part("offer").hidden = false;
});
