// What would the flow have done? The simulation's numbers, at the steps they belong to.

import { h } from "./dom.js";
import { factWords, money, said } from "./words.js";

/** Return what to write at each step. @returns {Map<string, any>} */
export function simulationMarks(found) {
  if (!found.taken) return new Map();
  return new Map(found.steps.map((one) => [one.step, { class: one.episodes ? "walked" : "unwalked", notes: [
    { class: "reach", text: `up to ${one.episodes} of ${found.taken} come here` },
    ...(one.actions ? [{ class: "acts", text: one.expected_tries !== "0.0" ? `about ${one.expected_tries} tries` : `${one.actions} ${one.actions === 1 ? "time" : "times"}` }] : []),
    ...one.cash.map((each) => ({ class: "cash", text: `${money(each.expected_minor, each.currency)} (${bare(each.low_minor, each.currency)} to ${bare(each.high_minor, each.currency)})` })),
  ] }]));
}

function bare(minor, currency) {
  return money(minor, currency).slice(0, -currency.length - 1);
}

/** Return the panel of a simulation. */
export function simulationPanel(found) {
  const line = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  return [
    h("p", {}, `${found.taken} of ${found.failures} past failures would have come into this flow`, found.is_truncated ? " (the newest were looked at)." : "."),
    found.currencies.map((one) => h("section", { class: "outcome", "aria-label": `Outcome in ${one.currency}` },
      h("span", { class: "soft" }, "Expected back"),
      h("b", { class: "figure" }, money(one.expected_minor, one.currency)),
      h("span", { class: "soft" }, `nine of ten outcomes: ${money(one.low_minor, one.currency)} to ${money(one.high_minor, one.currency)}`),
      h("dl", {}, line("At risk", money(one.at_risk_minor, one.currency)), line("Came back then", money(one.past_recovered_minor, one.currency)), line("Failures", one.failures)))),
    h("dl", {}, line("Tries to be made", `about ${found.expected_tries}`), Object.entries(found.actions).map(([kind, number]) => line(`${said(kind)}, at most`, number)), found.held_back ? line("Put off by the card networks' limits", found.held_back) : [], line("Tries learned from", found.tries_learned_from)),
    found.goals.length ? h("section", { class: "goals", "aria-label": "Goals" }, h("h3", {}, "Would reach a goal"), h("dl", {}, found.goals.map((one) => line(one.title, one.expected === null
      ? h("span", { class: "soft" }, "not told by the past") : [`about ${one.expected} of ${found.taken} `, h("span", { class: "soft" }, `(${one.low} to ${one.high})`)])))) : [],
    found.known_then.length ? h("p", { class: "soft small" }, `As they were when each payment failed: ${found.known_then.map(factWords).join(", ")}.`) : [],
    found.known_today.length ? h("p", { class: "soft small" }, `Compared as they are today, since no history is kept of them: ${found.known_today.map(factWords).join(", ")}.`) : [],
    h("p", { class: "soft small" }, found.basis),
  ].flat();
}
