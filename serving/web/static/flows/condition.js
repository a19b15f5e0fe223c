// How is a condition written? Comparisons of facts, joined by all, any and not.

import { h } from "./dom.js";
import { group, groupedSelect, labelled, nextId, select } from "./form.js";
import { factWords, money, said } from "./words.js";

const OPERATORS = {
  eq: "is", ne: "is not", lt: "is less than", lte: "is at most", gt: "is more than", gte: "is at least",
  in: "is one of", not_in: "is none of", contains: "has", known: "is known",
};
const DAYS = { eq: "is on", ne: "is not on", lt: "is before", lte: "is on or before", gt: "is after", gte: "is on or after" };
const GOAL = { name: "", type: "boolean", says: "Whether this goal of the flow was reached", values: [], operators: ["eq", "known"] };
const FREE = { name: "", type: "text", says: "Free text", values: [], operators: ["eq", "ne", "in", "not_in", "known"] };

/** Return the form of a condition, or the button that begins one. @param {import("./form.js").Context} context */
export function conditionField(context, label, value, path, mayBeAbsent) {
  if (value === undefined || value === null) {
    return group(label, [h("p", { class: "soft" }, "Always"), context.mayEdit && button("Add a condition", () => context.change(path, fresh(context)))].filter(Boolean));
  }
  return group(label, [inner(context, value, path), mayBeAbsent && context.mayEdit && button("Remove the condition", () => context.change(path, undefined))].filter(Boolean));
}

function inner(context, value, path) {
  if (value.not) {
    return h("div", { class: "joined" }, h("div", { class: "entry-head" }, h("b", {}, "Not"), context.mayEdit && button("Take “not” away", () => context.change(path, value.not))), inner(context, value.not, [...path, "not"]));
  }
  for (const word of ["all", "any"]) {
    if (value[word]) return joined(context, word, value[word], path);
  }
  return h("div", { class: "comparison" }, comparison(context, value, path), context.mayEdit && h("div", { class: "buttons" },
    button("And …", () => context.change(path, { all: [value, fresh(context)] })),
    button("Or …", () => context.change(path, { any: [value, fresh(context)] })),
    button("Not", () => context.change(path, { not: value }))));
}

function joined(context, word, parts, path) {
  const how = select(context, [["all", "All of these hold"], ["any", "One of these holds"]], word, (wanted) => context.change(path, { [wanted]: parts }));
  const leave = (n) => (parts.length === 2 ? parts[1 - n] : { [word]: parts.filter((_, other) => other !== n) });
  return h("div", { class: "joined" }, labelled("Joined", how),
    parts.map((part, n) => h("div", { class: "entry" },
      h("div", { class: "entry-head" }, h("b", {}, `Part ${n + 1}`), parts.length > 1 && context.mayEdit && button("Remove", () => context.change(path, leave(n)), `Remove part ${n + 1}`)),
      inner(context, part, [...path, word, n]))),
    context.mayEdit && button("Add a part", () => context.change(path, { [word]: [...parts, fresh(context)] })));
}

function comparison(context, value, path) {
  const fact = factOf(context, value.fact);
  const change = (part) => context.change(path, tidy(context, { ...value, ...part }));
  const isFree = !isNamed(context, value.fact);
  const chosen = isFree ? (value.fact.startsWith("arm.") ? "arm." : "metadata.") : value.fact;
  const parts = [
    labelled("Fact", groupedSelect(context, factGroups(context), chosen, (name) => change({ fact: name.endsWith(".") ? `${name}name` : name })), fact.says),
  ];
  if (isFree) parts.push(labelled("Name", h("input", { type: "text", value: value.fact.split(".")[1] ?? "", maxlength: 40, disabled: !context.mayEdit, onchange: (event) => change({ fact: chosen + event.target.value.trim() }) })));
  const words = fact.type === "date" ? { ...OPERATORS, ...DAYS } : OPERATORS;
  parts.push(labelled("Comparison", select(context, fact.operators.map((op) => [op, words[op]]), value.op, (op) => change({ op }))));
  return [...parts, ...valueFields(context, fact, value, change)];
}

function valueFields(context, fact, value, change) {
  const held = value.value ?? true;
  if (value.op === "known" || fact.type === "boolean") {
    return [labelled("Value", select(context, [["true", "Yes"], ["false", "No"]], String(held), (wanted) => change({ value: wanted === "true" })))];
  }
  if (value.op === "in" || value.op === "not_in") {
    if (fact.values.length) {
      return [group("Values", fact.values.map((one) => {
        const id = nextId(), isOn = held.includes?.(one);
        return h("div", { class: "field tick" }, h("input", { type: "checkbox", id, checked: isOn, disabled: !context.mayEdit,
          onchange: (event) => change({ value: fact.values.filter((other) => (other === one ? event.target.checked : held.includes(other))) }) }), h("label", { for: id }, said(one)));
      }), "ticks")];
    }
    return [labelled("Values", h("input", { type: "text", value: [held].flat().join(", "), disabled: !context.mayEdit, onchange: (event) => change({ value: event.target.value.split(",").map((one) => one.trim()).filter(Boolean) }) }), "With commas between them")];
  }
  if (fact.values.length) return [labelled("Value", select(context, fact.values.map((one) => [one, said(one)]), held, (wanted) => change({ value: wanted })))];
  if (fact.type === "integer" || fact.type === "money") {
    const number = h("input", { type: "number", step: 1, value: held, disabled: !context.mayEdit, onchange: (event) => change({ value: Number.parseInt(event.target.value, 10) || 0 }) });
    const shown = [labelled(fact.type === "money" ? "Amount, in minor units" : "Value", number, fact.type === "money" && `= ${money(held, value.currency ?? "")}`)];
    if (fact.type === "money") shown.push(labelled("Currency", h("input", { type: "text", value: value.currency ?? "", maxlength: 3, disabled: !context.mayEdit, onchange: (event) => change({ currency: event.target.value.toUpperCase() }) })));
    return shown;
  }
  const hint = fact.type === "date" && "A day such as 2026-11-30, or today, today-30, today+7";
  return [labelled("Value", h("input", { type: "text", value: held === true ? "" : held, disabled: !context.mayEdit, onchange: (event) => change({ value: event.target.value }) }), hint)];
}

/** Return the facts as a select shows them: by what they are facts of. */
function factGroups(context) {
  const groups = new Map();
  for (const one of context.facts) groups.set(one.group, [...(groups.get(one.group) ?? []), [one.name, said(factWords(one.name))]]);
  if (context.goals.length) groups.set("Goals of this flow", context.goals.map(([name, title]) => [`goal.${name}`, title]));
  return [...groups, ["By name", [["metadata.", "Customer’s metadata …"], ["arm.", "Arm of an experiment …"]]]];
}

function isNamed(context, name) {
  return name.startsWith("goal.") || context.facts.some((one) => one.name === name);
}

/** Make operator, value and currency fit the fact. */
function tidy(context, given) {
  const fact = factOf(context, given.fact), made = { ...given };
  if (!fact.operators.includes(made.op)) [made.op] = fact.operators;
  const isList = made.op === "in" || made.op === "not_in";
  const isNumber = fact.type === "integer" || fact.type === "money";
  if (made.op === "known" || fact.type === "boolean") made.value = typeof made.value === "boolean" ? made.value : true;
  else if (isList) made.value = [made.value].flat().filter((one) => typeof one === "string" && (!fact.values.length || fact.values.includes(one)));
  else if (isNumber) made.value = Number.isInteger(made.value) ? made.value : 0;
  else made.value = [made.value].flat().find((one) => typeof one === "string" && (!fact.values.length || fact.values.includes(one))) ?? fact.values[0] ?? "";
  if (fact.type === "date" && made.value === "") made.value = "today";
  if (isList && !made.value.length && fact.values.length) made.value = [fact.values[0]];
  if (fact.type === "money" && made.op !== "known") made.currency ??= "EUR";
  else delete made.currency;
  return made;
}

function fresh(context) {
  return tidy(context, { fact: context.facts[0]?.name ?? "cause", op: "eq", value: "" });
}

function factOf(context, name) {
  return context.facts.find((one) => one.name === name) ?? (name.startsWith("goal.") ? GOAL : FREE);
}

function button(text, onclick, label) {
  return h("button", { type: "button", class: "small-button", onclick, "aria-label": label }, text);
}
