// How is a flow said in words? Kinds, ways out, waits and conditions, in a line each.

export const KIND_WORDS = {
  trigger: "Starts when", wait: "Wait", await: "Wait for an event", branch: "Branch", retry: "Retry payment",
  message: "Message", task: "Task for a person", webhook: "Webhook", subscription: "Subscription", split: "A/B split", end: "End",
};
export const KIND_HELP = {
  wait: "A length of time, an hour of the day, a payday", await: "Another card, a promise, or a timeout",
  branch: "The first condition that holds", retry: "Collect again, on a schedule", message: "Email, text message or Slack",
  task: "Ask somebody of yours", webhook: "Tell your own systems", subscription: "Pause, cancel or downgrade",
  split: "Arms by share, with a holdout", end: "The flow is over",
};
const EVENTS = {
  payment_method_updated: "a new payment method", payment_failed: "another failed payment",
  promise_made: "a promise to pay", help_asked: "a question", goal_reached: "a goal",
};
const EVENT_PORTS = { payment_method_updated: "New method", payment_failed: "Failed again", promise_made: "Promised", help_asked: "Asked for help", goal_reached: "Reached" };
const DOES = { pause: "Pause collection", cancel: "Cancel it", downgrade: "Move to a smaller price" };
const OUTCOMES = { lost: "Counted as lost", handed_over: "Handed over", holdout: "Held out", done: "Done" };
const COMPARED = { eq: "is", ne: "is not", lt: "<", lte: "≤", gt: ">", gte: "≥", in: "is one of", not_in: "is none of", contains: "has", known: "is known" };
const CHANNELS = { email: "Email", sms: "Text message", slack: "Slack" };
const DAYS = { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" };

let exponents = {};

/** Take the decimals of currencies that have not two. @param {Record<string, number>} given */
export function useExponents(given) {
  exponents = given;
}

/** Write an amount of minor units exactly: `1,040.00 EUR`. @param {number} minor @param {string} currency */
export function money(minor, currency) {
  const places = exponents[currency] ?? 2, digits = String(Math.abs(minor)).padStart(places + 1, "0");
  const units = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${minor < 0 ? "−" : ""}${units}${places ? `.${digits.slice(-places)}` : ""} ${currency}`;
}

/** `payment_failed` → `Payment failed`. @param {string} name */
export function said(name) {
  const words = String(name).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a step is called. */
export function titleOf(flow, id) {
  if (id === "") return flow.name;
  const step = flow.steps[id];
  return step ? step.title || said(id) : "Not connected";
}

/** What a step does, in a line. @param {any} step */
export function summary(step) {
  switch (step.kind) {
    case "wait": return untilWords(step.until);
    case "await": return step.goal ? `Until the goal “${said(step.goal).toLowerCase()}” is reached, at most ${lengthWords(step.timeout)}` : `Until ${EVENTS[step.event] ?? step.event}, at most ${lengthWords(step.timeout)}`;
    case "branch": return step.cases.map((one) => conditionWords(one.when)).join(" · ");
    case "retry": return `${step.schedule.length === 1 ? "Once" : `${step.schedule.length} tries`}: ${step.schedule.map(untilWords).join(", ")}`;
    case "message": return `${CHANNELS[step.channel ?? "email"]} · ${said(step.template)} · ${(step.tone ?? "brand") === "brand" ? "brand’s voice" : step.tone}`;
    case "task": return step.instruction;
    case "webhook": return `Event ${step.label}`;
    case "subscription": return DOES[step.do] + (step.price ? ` (${step.price})` : "");
    case "split": return step.arms.map((arm) => `${arm.share} % ${arm.name}`).join(" · ");
    default: return OUTCOMES[step.outcome] ?? said(step.outcome ?? "");
  }
}

/** What a way out of a step is called. */
export function portWords(step, port) {
  if (!step || port === "start") return "Start";
  if (port === "on_event") return EVENT_PORTS[step.event] ?? "It happens";
  if (port === "on_timeout") return `After ${lengthWords(step.timeout)}`;
  if (port === "on_stop") return "Must not retry";
  if (port === "next") return step.kind === "retry" ? "All declined" : "Then";
  if (step.kind === "branch" && port !== "otherwise") return conditionWords(step.cases[Number(port.slice(5))].when);
  if (step.kind === "split") {
    const arm = step.arms.find((one) => one.name === port);
    return `${port} ${arm.share} %${arm.holdout ? " (holdout)" : ""}`;
  }
  return said(port);
}

/** @param {any} flow */
export function triggerWords(flow) {
  const causes = flow.trigger.causes.map((cause) => said(cause).toLowerCase()).join(", ");
  const taken = flow.trigger.when ? `${causes}, if ${conditionWords(flow.trigger.when)}` : causes;
  return flow.goals?.length ? `${taken} · aims at: ${flow.goals.map((goal) => (goal.title || said(goal.name)).toLowerCase()).join(", ")}` : taken;
}

/** @param {any} goal */
export function goalWords(goal) {
  const { reached } = goal, title = goal.title || said(goal.name);
  const how = reached.kind === "condition" ? conditionWords(reached.when)
    : reached.kind === "event" ? EVENTS[reached.event]
    : reached.at_least_minor ? `at least ${money(reached.at_least_minor, reached.currency ?? "")} is paid` : "all of it is paid";
  return `${title} (${how}${goal.ends_flow ? "; ends the flow" : ""})`;
}

/** What a fact is called: `books.open_receivable` → `books: open receivable`. @param {string} fact */
export function factWords(fact) {
  if (!fact.includes(".") || /^(metadata|arm)\./.test(fact)) return fact.includes(".") ? fact : said(fact).toLowerCase();
  const [place, name] = fact.replace(/^(unified|marts)\./, "").split(".");
  return place === "goal" ? `goal “${said(name).toLowerCase()}”` : `${said(place).toLowerCase()}: ${said(name).toLowerCase()}`;
}

/** @param {any} until */
export function untilWords(until) {
  if (until.kind === "duration") return isLong(until) ? `after ${lengthWords(until)}` : "at once";
  const rest = isLong(until.after) ? `after ${lengthWords(until.after)}, ` : "";
  const clock = `${until.hour}:${String(until.minute ?? 0).padStart(2, "0")}`;
  if (until.kind === "payday") return `${rest}on a payday at ${clock}`;
  const days = until.weekdays?.length < 7 ? ` ${dayWords(until.weekdays)}` : "";
  return `${rest}at ${clock}${days}`;
}

/** @param {any} length */
export function lengthWords(length) {
  const parts = ["days", "hours", "minutes"].filter((unit) => length?.[unit])
    .map((unit) => `${length[unit]} ${length[unit] === 1 ? unit.slice(0, -1) : unit}`);
  return parts.join(" ") || "no time";
}

/** @param {any} condition */
export function conditionWords(condition) {
  if (condition.all) return condition.all.map(inner).join(" and ");
  if (condition.any) return condition.any.map(inner).join(" or ");
  if (condition.not) return `not ${inner(condition.not)}`;
  const { fact, op, value = true, currency } = condition;
  const name = factWords(fact);
  if (op === "known") return value ? `${name} is known` : `${name} is not known`;
  if (currency && Number.isInteger(value)) return `${name} ${COMPARED[op] ?? op} ${money(value, currency)}`;
  const held = Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? "yes" : "no") : value;
  return `${name} ${COMPARED[op] ?? op} ${held}`;
}

function inner(condition) {
  return condition.all || condition.any ? `(${conditionWords(condition)})` : conditionWords(condition);
}

function isLong(length) {
  return Boolean(length && (length.days || length.hours || length.minutes));
}

function dayWords(days) {
  return days.join() === "mon,tue,wed,thu,fri" ? "on workdays" : `on ${days.map((day) => DAYS[day]).join(", ")}`;
}
