// What differs between two versions? Steps that came, went and changed, on the canvas and as text.

import { exits, TRIGGER } from "./document.js";
import { conditionWords, goalWords, lengthWords, said, titleOf, untilWords } from "./words.js";

/**
 * @param {any} before @param {any} after
 * @returns {{merged: any, steps: Map<string, {state: "added"|"removed"|"changed", texts: string[]}>, wires: Map<string, string>}}
 *   `merged` is the later document with the steps that went.
 */
export function differences(before, after) {
  const merged = { ...after, steps: { ...before.steps, ...after.steps } }, steps = new Map(), wires = new Map();
  for (const [id, step] of Object.entries(merged.steps)) {
    if (!(id in before.steps)) steps.set(id, { state: "added", texts: [] });
    else if (!(id in after.steps)) steps.set(id, { state: "removed", texts: [] });
    else {
      const texts = changes(before.steps[id], step, { before, after });
      if (texts.length) steps.set(id, { state: "changed", texts });
    }
    for (const way of exits(merged, id)) {
      if (!(id in after.steps)) wires.set(`${id}|${way.port}`, "removed");
      else if (!(id in before.steps) || exits(before, id).find((one) => one.port === way.port)?.to !== way.to) wires.set(`${id}|${way.port}`, "added");
    }
  }
  const own = ({ steps: _, layout: __, ...rest }) => rest;
  const texts = changes(own(before), own(after), { before, after });
  if (texts.length) steps.set(TRIGGER, { state: "changed", texts });
  return { merged, steps, wires };
}

/** Say what changed, a line for each value. @returns {string[]} */
function changes(before, after, flows) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => !same(before[name], after[name])).flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    if (isPlain(old) && isPlain(now) && !isSaid(old) && !isSaid(now)) {
      return changes(old, now, flows).map((text) => `${said(name)} › ${text}`);
    }
    return [`${said(name)}: ${shown(name, old, flows.before)} → ${shown(name, now, flows.after)}`];
  });
}

function shown(name, value, flow) {
  if (value === undefined || value === "") return "nothing";
  if (["next", "otherwise", "on_event", "on_timeout", "on_stop", "start"].includes(name)) return titleOf(flow, value);
  if (Array.isArray(value)) return value.length ? value.map((one) => shown("", one, flow)).join("; ") : "none";
  if (typeof value === "object") {
    if (value.reached) return goalWords(value);
    if (value.fact || value.all || value.any || value.not) return conditionWords(value);
    if (value.kind) return untilWords(value);
    if (value.when) return `${conditionWords(value.when)}: ${titleOf(flow, value.next ?? "")}`;
    return Object.entries(value).map(([key, held]) => `${said(key).toLowerCase()} ${shown(key, held, flow)}`).join(", ");
  }
  return typeof value === "string" && /^[a-z]+(_[a-z]+)*$/.test(value) ? said(value).toLowerCase() : String(value);
}

function isSaid(value) {
  return Boolean(value.kind || value.fact || value.all || value.any || value.not);
}

function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Say whether two values are the same, whatever the order of their names. */
export function same(one, other) {
  return ordered(one) === ordered(other);
}

function ordered(value) {
  return JSON.stringify(value, (_, held) => (isPlain(held) ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1))) : held));
}
