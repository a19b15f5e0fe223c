// The editor of a message: words as they are typed, checked and shown as a payer gets them.

import { Api } from "../flows/api.js";
import { fill, h } from "../flows/dom.js";
import { said } from "../flows/words.js";
import { asTold, inWhole, inWords, writeMarked } from "./marks.js";

const LOOK_AFTER = 450;
const PARTS = { subject: "subject", preheader: "preheader", paragraphs: "body", action: "action", sms: "sms" };
const root = document.querySelector(".editor"), part = (name) => root.querySelector(name);
const boot = JSON.parse(root.dataset.boot), form = part("#words");
const api = new Api(boot.workspace, boot.token), path = `templates/${boot.purpose}/${boot.language}/${boot.tone}`;
const areas = () => [...form.querySelectorAll("textarea")];
const opened = JSON.stringify(words()), inUse = JSON.stringify(inOrder(boot.live));
let checked = boot.checked, last = areas()[0], soon = 0, kept = boot.isKept ? opened : "", basedOn = boot.basedOn, history = [words()];

/** The words in the form, as the API takes them. */
function words() {
  const found = { paragraphs: [] };
  for (const area of areas()) {
    if (area.name === "paragraphs") found.paragraphs.push(area.value);
    else found[area.name] = area.value;
  }
  return found;
}

/** The same words, their parts in the form's order: two of them compare as text. */
function inOrder({ paragraphs, subject, preheader, action, sms }) {
  return { paragraphs, subject, preheader, action, sms };
}

/** Put words into the form. */
function write(wanted) {
  const before = paragraphs();
  before.slice(wanted.paragraphs.length).forEach((area) => area.closest(".words-field").remove());
  for (let n = before.length; n < wanted.paragraphs.length; n += 1) {
    const made = before.at(-1).closest(".words-field").cloneNode(true), id = `w-paragraphs-${n + 1}`;
    made.querySelector("textarea").id = id;
    Object.assign(made.querySelector("label"), { htmlFor: id, textContent: `Paragraph ${n + 1}` });
    paragraphs().at(-1).closest(".words-field").after(made);
  }
  let n = 0;
  for (const area of areas()) area.value = area.name === "paragraphs" ? wanted.paragraphs[n++] : wanted[area.name];
  edited();
}

function edited() {
  const now = words();
  if (JSON.stringify(now) !== JSON.stringify(history.at(-1))) history.push(now);
  root.querySelectorAll('[data-do="undo"]').forEach((one) => { one.disabled = history.length < 2; });
  areas().forEach(shade);
  root.querySelectorAll(".unsaved").forEach((one) => { one.hidden = !isUnsaved(); });
  clearTimeout(soon);
  soon = setTimeout(attempt(look), LOOK_AFTER);
}

/** Ask the server what is wrong with the words, and show them. */
async function look() {
  const asked = words();
  const found = await api.post("template_checks", { purpose: boot.purpose, language: boot.language, tone: boot.tone, ...asked });
  if (JSON.stringify(asked) !== JSON.stringify(words())) return;
  checked = found;
  show();
  preview(asked);
}

/** Say whether a finding is about a field: one of the body may be about every paragraph, or one. */
function isAbout(one, area) {
  return one.part === PARTS[area.name] && (one.paragraph === null || one.paragraph === paragraphs().indexOf(area) + 1);
}

function paragraphs() {
  return areas().filter((area) => area.name === "paragraphs");
}

function shade(area) {
  const behind = area.previousElementSibling, own = checked.findings.filter((one) => isAbout(one, area));
  area.toggleAttribute("aria-invalid", false);
  if (own.some((one) => one.check === "broken_variable")) area.setAttribute("aria-invalid", "true");
  writeMarked(behind, area.value, inWords(own, area.value));
  behind.append("\u200b");
}

function show() {
  const of = (name) => checked.findings.filter((one) => one.part === name);
  areas().forEach(shade);
  writeMarked(part(".subject-line"), checked.subject, asTold(of("subject")));
  writeMarked(part(".plain-text"), checked.text, inWhole(of("body"), checked.text, boot.link));
  writeMarked(part(".sms-text"), checked.sms, asTold(of("sms")));
  const cost = checked.sms_segments;
  part(".sms-cost").textContent = cost ? `Sent, and paid, as ${cost} text message${cost > 1 ? "s" : ""}` : "";
  part(".grade").textContent = checked.reading_grade ? `Reads like grade ${checked.reading_grade} of at most ${checked.highest_grade}` : "";
  fill(part(".tone-findings"), checked.findings.length ? checked.findings.map(finding) : [h("li", { class: "fine" }, "Nothing: it can be published.")]);
  root.querySelectorAll(".unsaved").forEach((one) => { one.hidden = !isUnsaved(); });
  if (!part(".publish")) return;
  const now = JSON.stringify(words());
  part(".publish").disabled = !checked.may_be_published || (now === inUse && !boot.hasDraft);
  part(".save").disabled = now === kept;
}

/** Say whether words stand in the form that nobody has kept: they are lost when the page is left. */
function isUnsaved() {
  return Boolean(part(".publish")) && JSON.stringify(words()) !== (kept || opened);
}

function finding(one) {
  const about = areas().filter((area) => isAbout(one, area));
  const field = about.find((area) => area.value.toLowerCase().includes(one.excerpt.toLowerCase())), isOne = one.excerpt || about.length === 1;
  return h("li", { class: one.severity === "error" ? "blocks" : "advises" }, h("b", {}, said(one.check)), one.excerpt && h("q", {}, one.excerpt), h("span", {}, one.reason), h("small", {}, one.suggestion),
    h("div", { class: "buttons" },
      field && isOne && h("button", { type: "button", onclick: () => select(field, one.excerpt) }, "Show the words"),
      part(".publish") && about.length > 0 && h("button", { type: "button", onclick: () => repair(PARTS[about[0].name]) }, `Take the library’s ${PARTS[about[0].name]}`)));
}

function select(area, excerpt) {
  const start = area.value.toLowerCase().indexOf(excerpt.toLowerCase());
  area.focus();
  area.setSelectionRange(start, start + (excerpt.length || area.value.length));
}

/** Put the library's words in place of one part. */
function repair(name) {
  const known = boot.library[boot.tone], key = name === "body" ? "paragraphs" : name;
  write({ ...words(), [key]: known[key] });
}

/** Show the email in a frame of its own; the one before stays until the new one is there. */
function preview(shown) {
  const frame = h("iframe", { name: "mail", title: "The email", sandbox: "", class: "coming" }), mail = part(".mail");
  mail.querySelectorAll(".coming").forEach((one) => one.remove());
  mail.append(frame);
  frame.addEventListener("load", () => {
    if (!frame.classList.contains("coming")) return;
    mail.querySelectorAll("iframe").forEach((one) => one !== frame && one.remove());
    frame.classList.remove("coming");
  });
  const carrier = part(".to-preview");
  carrier.elements.words.value = JSON.stringify(shown);
  carrier.submit();
}

function attempt(does) {
  return async (event) => {
    try {
      await does(event);
    } catch (refusal) {
      tell(refusal.message, true);
    }
  };
}

function tell(text, isFailed = false) {
  part(".said").textContent = text;
  part(".said").classList.toggle("failed", isFailed);
}

const does = {
  add() {
    const now = words();
    if (now.paragraphs.length < 12) write({ ...now, paragraphs: now.paragraphs.toSpliced(-2, 0, "Write here.") });
  },
  remove() {
    const now = words(), texts = now.paragraphs, at = paragraphs().indexOf(last);
    if (texts.length > 3) write({ ...now, paragraphs: texts.toSpliced(at < 0 ? -3 : at, 1) });
  },
  undo() {
    if (history.length < 2) return;
    history.pop();
    write(history.at(-1));
  },
};

form.addEventListener("input", edited);
form.addEventListener("focusin", (event) => { if (event.target.matches("textarea")) last = event.target; });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const isPublished = event.submitter?.value !== "save";
  attempt(async () => {
    const sent = words(), saved = await api.put(path, { ...sent, based_on: basedOn });
    [basedOn, kept] = [saved.updated_at, JSON.stringify(sent)];
    if (isPublished) await api.post(`${path}/changes`, { do: "publish" });
    window.history.replaceState(null, "", `${location.pathname}#${isPublished ? "published" : "saved"}`);
    location.reload();
  })();
});
root.querySelectorAll("[data-do]").forEach((one) => one.addEventListener("click", does[one.dataset.do]));
root.querySelectorAll("[data-tone]").forEach((one) => one.addEventListener("click", () => write(boot.library[one.dataset.tone])));
const voices = [...root.querySelectorAll("[data-voice]")];
voices.forEach((one) => one.addEventListener("click", attempt(async () => {
  const asked = words();
  voices.forEach((other) => { other.disabled = true; });
  tell("The model is asked…");
  try {
    const found = await api.post("template_rewrites", { purpose: boot.purpose, language: boot.language, tone: boot.tone, voice: one.dataset.voice, ...asked });
    if (JSON.stringify(asked) !== JSON.stringify(words())) return tell("You wrote on meanwhile: the suggestion is put aside.");
    write(found.words);
    const lost = found.lost_variables.length ? ` It no longer names ${found.lost_variables.join(", ")}.` : "";
    tell(`A suggestion of ${found.model}, not kept anywhere: read it.${lost}`);
  } finally {
    voices.forEach((other) => { other.disabled = false; });
  }
})));
root.querySelectorAll("[data-variable]").forEach((one) => one.addEventListener("click", () => {
  const name = one.dataset.variable, written = "optional" in one.dataset ? `{% if ${name} %}{{ ${name} }}{% endif %}` : `{{ ${name} }}`;
  if (last.readOnly) return;
  last.focus();
  last.setRangeText(written, last.selectionStart, last.selectionEnd, "end");
  edited();
}));
addEventListener("beforeunload", (event) => { if (isUnsaved()) event.preventDefault(); });
const TOLD = { "#published": "Published: the next message is written with these words.", "#saved": "The draft is kept; messages go on with the words in use." };
if (TOLD[location.hash]) {
  tell(TOLD[location.hash]);
  window.history.replaceState(null, "", location.pathname);
}
root.classList.add("is-ready");
show();
preview(words());
