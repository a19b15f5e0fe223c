// How does a form come out of the schema? One field per property, by its type; an edit names its path.

import { conditionField } from "./condition.js";
import { UNCONNECTED } from "./document.js";
import { h } from "./dom.js";
import { said } from "./words.js";

const LABELS = {
  op: "Comparison", next: "Then go to", otherwise: "Otherwise go to", on_event: "When it happens, go to", on_timeout: "When the time is over, go to",
  on_stop: "Where it must not be retried, go to", until: "Wait until", event: "Event", timeout: "At most", do: "What to do", basis: "Why we may write",
  days_of_month: "Days of the month", after: "Not before", template: "Message", when: "Condition", start_hour: "From hour", end_hour: "Until hour",
  message_caps: "At most so many messages", exits: "Leave the flow when", quiet_hours: "Quiet hours", causes: "Causes", price: "Smaller price (Stripe id)",
  goals: "Goals", goal: "Which goal", reached: "Reached when", ends_flow: "The flow is over once it is reached", at_least_minor: "At least so much, in minor units",
  timing: "When to try", within_hours: "At most so many hours later", label: "Name of the event", holdout: "Held out: left to the provider", share: "Share, percent",
};
let count = 0;

/** Begin to number a form's fields: the same form has the same ids, so that the focus stays. */
export function renumber() {
  count = 0;
}

/** Return an id that no other field of the form has. */
export function nextId() {
  return `field-${(count += 1)}`;
}

/**
 * @typedef {{schema: import("./schema.js").Schema, steps: [string, string][], goals: [string, string][], facts: any[], purposes: string[],
 *   mayEdit: boolean, wordsAt: (step: any) => string, change: (path: (string|number)[], value: any) => void}} Context
 */

/** Return the fields of an object. @param {Context} context */
export function fields(context, schema, value, path, leaveOut = []) {
  const { properties } = context.schema.of(schema);
  return Object.entries(properties).filter(([name, inner]) => !("const" in inner) && !leaveOut.includes(name))
    .map(([name, inner]) => field(context, name, inner, value?.[name], [...path, name]));
}

/** Return one field. @param {Context} context */
export function field(context, name, given, value, path) {
  const schema = context.schema.of(given), label = LABELS[name] ?? said(name);
  const change = (wanted) => context.change(path, wanted);
  if (context.schema.isCondition(schema)) return conditionField(context, label, value, path, schema.mayBeAbsent);
  if (schema.discriminator) return group(label, choice(context, schema, value, path));
  if (schema.type === "object") return group(label, fields(context, schema, value ?? {}, path), schema.name === "Duration" ? "inline" : "");
  if (schema.type === "array") return list(context, label, schema, value ?? schema.default ?? [], path);
  const held = value ?? schema.default;
  if (schema.format === "step") return labelled(label, stepSelect(context, held, change));
  if (schema.format === "goal" && name === "goal") return labelled(label, select(context, [["", "None"], ...context.goals], held ?? "", (wanted) => change(wanted || undefined)));
  if (schema.enum) return labelled(label, select(context, schema.enum.map((one) => [one, said(one)]), held, change));
  if (name === "template") return labelled(label, select(context, named(context.purposes, held), held, change));
  if (schema.type === "boolean") return tick(context, label, held === true, change);
  if (schema.type === "integer") {
    return labelled(label, h("input", { type: "number", value: held ?? "", min: schema.minimum, max: schema.maximum, step: 1, inputmode: "numeric", disabled: !context.mayEdit,
      onchange: (event) => change(schema.mayBeAbsent && event.target.value === "" ? undefined : whole(event.target, schema)) }), schema.mayBeAbsent && "May be left empty");
  }
  const limits = { maxlength: schema.maxLength, disabled: !context.mayEdit, autocomplete: "off", spellcheck: schema.pattern ? "false" : null,
    onchange: (event) => change(schema.mayBeAbsent && !event.target.value ? undefined : event.target.value) };
  if (schema.maxLength > 500) {
    const area = h("textarea", { rows: 4, ...limits });
    area.value = held ?? "";
    return labelled(label, area);
  }
  return labelled(label, h("input", { type: "text", value: held ?? "", ...limits }));
}

/** Return a select whose options lie in groups. @param {Context} context @param {[string, [string, string][]][]} groups */
export function groupedSelect(context, groups, value, change) {
  const made = h("select", { disabled: !context.mayEdit, onchange: (event) => change(event.target.value) },
    groups.map(([label, options]) => h("optgroup", { label }, options.map(([name, text]) => h("option", { value: name }, text)))));
  made.value = value ?? "";
  return made;
}

/** Return a label and what it is for. */
export function labelled(label, control, hint) {
  control.id = nextId();
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("small", {}, hint));
}

/** Return a select. @param {Context} context @param {[string, string][]} options */
export function select(context, options, value, change) {
  const made = h("select", { disabled: !context.mayEdit, onchange: (event) => change(event.target.value) },
    options.map(([name, text]) => h("option", { value: name }, text)));
  made.value = value ?? "";
  return made;
}

export function group(label, inside, kind = "") {
  return h("fieldset", { class: `group ${kind}` }, h("legend", {}, label), inside);
}

function stepSelect(context, value, change) {
  const options = [...context.steps];
  if (!options.some(([id]) => id === value)) options.unshift([value ?? UNCONNECTED, "Not connected"]);
  return select(context, options, value, change);
}

function tick(context, label, isOn, change) {
  const id = nextId();
  return h("div", { class: "field tick" },
    h("input", { type: "checkbox", id, checked: isOn, disabled: !context.mayEdit, onchange: (event) => change(event.target.checked) }), h("label", { for: id }, label));
}

function choice(context, schema, value, path) {
  const { mapping } = schema.discriminator, kinds = Object.keys(mapping);
  const kind = select(context, kinds.map((one) => [one, said(one)]), value?.kind, (wanted) => context.change(path, context.schema.blank({ $ref: mapping[wanted] })));
  return [labelled("Kind", kind), fields(context, { $ref: mapping[value?.kind ?? kinds[0]] }, value, path)];
}

function list(context, label, schema, value, path) {
  const items = context.schema.of(schema.items);
  if (items.enum) {
    const ticked = (one, isOn) => items.enum.filter((other) => (other === one ? isOn : value.includes(other)));
    return group(label, items.enum.map((one) => tick(context, said(one), value.includes(one), (isOn) => {
      const wanted = ticked(one, isOn);
      context.change(path, wanted.length < (schema.minItems ?? 0) ? value : wanted);
    })), "ticks");
  }
  if (items.type === "integer") {
    return labelled(label, h("input", { type: "text", value: value.join(", "), disabled: !context.mayEdit, inputmode: "numeric",
      onchange: (event) => {
        const numbers = event.target.value.split(/[^\d]+/).filter(Boolean).map(Number);
        context.change(path, numbers.length ? numbers : value);
      } }), "Numbers, with commas between them");
  }
  const one = { schedule: "Try", arms: "Arm", cases: "Condition", goals: "Goal" }[path.at(-1)] ?? "Entry";
  const entries = value.map((held, n) => h("div", { class: "entry" },
    h("div", { class: "entry-head" }, h("b", {}, `${one} ${n + 1}`),
      value.length > (schema.minItems ?? 0) && context.mayEdit && h("button", { type: "button", class: "small-button", "aria-label": `Remove ${one.toLowerCase()} ${n + 1}`, onclick: () => context.change([...path, n], undefined) }, "Remove")),
    items.discriminator ? choice(context, items, held, [...path, n]) : fields(context, schema.items, held, [...path, n])));
  const isFull = value.length >= (schema.maxItems ?? Infinity);
  return group(label, [...entries, context.mayEdit && !isFull && h("button", { type: "button", class: "small-button", onclick: () => context.change(path, [...value, context.schema.blank(schema.items, value)]) }, `Add ${one.toLowerCase()}`)].filter(Boolean));
}

function named(purposes, held) {
  return [...new Set([...purposes, ...(held ? [held] : [])])].map((one) => [one, said(one)]);
}

function whole(input, { minimum = -Infinity, maximum = Infinity }) {
  const number = Number.parseInt(input.value, 10);
  return Math.min(Math.max(Number.isNaN(number) ? Math.max(minimum, 0) : number, minimum), maximum);
}
