// What is a flow to the builder? The JSON document itself, never changed in place: every edit
// returns a new one, so that undo is the document before, whole.

/** Where a way out leads that nobody has connected yet: no step has this name. */
export const UNCONNECTED = "unconnected";
/** The trigger's place among the steps. */
export const TRIGGER = "";

const WAYS = { await: ["on_event", "on_timeout"], retry: ["next", "on_stop"], end: [] };
const HOUR = { kind: "duration", days: 0, hours: 0, minutes: 0 };
const TO = UNCONNECTED;
/** A new step of each kind, with the defaults that the schema names. */
const NEW = {
  wait: { until: { ...HOUR, days: 2 }, next: TO },
  await: { event: "payment_method_updated", timeout: { ...HOUR, days: 3 }, on_event: TO, on_timeout: TO },
  branch: { cases: [{ when: { fact: "decline_class", op: "eq", value: "soft" }, next: TO }], otherwise: TO },
  retry: { schedule: [{ ...HOUR, days: 2 }], next: TO, on_stop: TO },
  message: { channel: "email", template: "reminder", tone: "brand", basis: "contract", next: TO },
  task: { instruction: "Call the customer.", next: TO },
  webhook: { label: "step_reached", next: TO },
  subscription: { do: "pause", next: TO },
  split: { experiment: "experiment", arms: [
    { name: "a", share: 50, holdout: false, next: TO }, { name: "b", share: 50, holdout: false, next: TO }] },
  end: { outcome: "lost" },
};
export const KINDS = Object.keys(NEW);

/**
 * Return a step's ways out, in order.
 * @param {any} flow @param {string} id TRIGGER for the flow's own beginning.
 * @returns {{port: string, path: (string|number)[], to: string}[]}
 */
export function exits(flow, id) {
  if (id === TRIGGER) return [{ port: "start", path: ["start"], to: flow.start }];
  const step = flow.steps[id];
  const at = (...path) => ({ path: ["steps", id, ...path], to: read(step, path) });
  if (step.kind === "branch") {
    const cases = step.cases.map((_, n) => ({ port: `case_${n}`, ...at("cases", n, "next") }));
    return [...cases, { port: "otherwise", ...at("otherwise") }];
  }
  if (step.kind === "split") {
    return step.arms.map((arm, n) => ({ port: arm.name, ...at("arms", n, "next") }));
  }
  return (WAYS[step.kind] ?? ["next"]).map((port) => ({ port, ...at(port) }));
}

/** Return what is at a path. @param {any} value @param {(string|number)[]} path */
export function read(value, path) {
  return path.reduce((held, name) => held?.[name], value);
}

/** Return a copy with something else at a path; `undefined` takes it away. */
export function write(value, path, wanted) {
  if (!path.length) return wanted;
  const [name, ...rest] = path;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const inner = write(copy[name], rest, wanted);
  if (inner !== undefined) copy[name] = inner;
  else if (Array.isArray(copy)) copy.splice(name, 1);
  else delete copy[name];
  return copy;
}

/** Take the goal away from steps that wait for something else. */
export function fitting(flow) {
  const left = Object.entries(flow.steps).find(([, step]) => step.kind === "await" && step.event !== "goal_reached" && step.goal !== undefined);
  return left ? fitting(write(flow, ["steps", left[0], "goal"], undefined)) : flow;
}

/** Lead one way out of a step to another step. */
export function connect(flow, id, port, to) {
  const way = exits(flow, id).find((one) => one.port === port);
  return way ? write(flow, way.path, to) : flow;
}

/**
 * Add a step; after a way out, it is put between that and where the way led.
 * @param {any} flow @param {string} kind
 * @param {{after?: string, port?: string, place?: {x: number, y: number}}} [where]
 * @returns {[any, string]} The document and the step's name.
 */
export function add(flow, kind, { after, port, place } = {}) {
  const id = freeName(flow, kind);
  let step = { title: "", kind, ...structuredClone(NEW[kind]) };
  if (kind === "split") step.experiment = freeExperiment(flow);
  let made = { ...flow, steps: { ...flow.steps, [id]: step } };
  if (after !== undefined) {
    const way = exits(flow, after).find((one) => !port || one.port === port);
    if (way) {
      made = write(made, way.path, id);
      const [first] = exits(made, id);
      if (first && way.to in flow.steps) made = write(made, first.path, way.to);
    }
  }
  if (place) made = put(made, id, place);
  return [made, id];
}

/** Take a step out; what led to it leads to where it led, if that was one place. */
export function remove(flow, id) {
  const { [id]: _, ...steps } = flow.steps;
  if (!Object.keys(steps).length) return flow;
  const led = [...new Set(exits(flow, id).map((way) => way.to))].filter((to) => to in steps);
  const to = led.length === 1 ? led[0] : UNCONNECTED;
  let made = retarget({ ...flow, steps }, id, to);
  if (!(made.start in steps)) made = { ...made, start: led[0] ?? Object.keys(steps)[0] };
  if (made.layout?.[id]) made = write(made, ["layout", id], undefined);
  return made;
}

/** Give a step another name, wherever it is named. */
export function rename(flow, id, name) {
  if (name === id || name in flow.steps || name === UNCONNECTED || !/^[a-z][a-z0-9_]{0,39}$/.test(name)) return flow;
  const renamed = (held) => Object.fromEntries(Object.entries(held).map(([key, value]) => [key === id ? name : key, value]));
  const made = { ...flow, steps: renamed(flow.steps) };
  if (flow.layout) made.layout = renamed(flow.layout);
  return retarget(made, id, name);
}

/** Draw a step at a place of its own. */
export function put(flow, id, { x, y }) {
  return write(flow, ["layout", id], { x: Math.round(x), y: Math.round(y) });
}

/** Return the names of the steps as one comes to them, then those that nothing reaches. */
export function inOrder(flow) {
  const seen = new Set();
  const visit = (id) => {
    if (seen.has(id) || !(id in flow.steps)) return;
    seen.add(id);
    exits(flow, id).forEach((way) => visit(way.to));
  };
  visit(flow.start);
  const reached = seen.size;
  Object.keys(flow.steps).sort().forEach((id) => seen.add(id));
  return Object.assign([...seen], { reached });
}

function retarget(flow, from, to) {
  const moved = [TRIGGER, ...Object.keys(flow.steps)].flatMap((id) => exits(flow, id)).filter((way) => way.to === from);
  return moved.reduce((made, way) => write(made, way.path, to), flow);
}

function freeName(flow, kind) {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? kind : `${kind}_${n}`;
    if (!(name in flow.steps)) return name;
  }
}

function freeExperiment(flow) {
  const taken = new Set(Object.values(flow.steps).map((step) => step.experiment));
  for (let n = 1; ; n += 1) if (!taken.has(`experiment_${n}`)) return `experiment_${n}`;
}
