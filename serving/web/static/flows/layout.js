// Where is each step drawn? In rows by how far it is from the start, ordered so that few ways
// cross (Sugiyama's method); the same document is always drawn the same way.

import { exits, inOrder, TRIGGER } from "./document.js";

export const WIDTH = 248;
const GAP = 44, ROW = 76, BEND = 28, SWEEPS = 12;

/** How high a step is drawn. @param {any} flow @param {string} id */
export function height(flow, id) {
  return exits(flow, id).length > 1 ? 104 : 76;
}

/**
 * @param {any} flow
 * @returns {{places: Map<string, {x: number, y: number, h: number}>, bends: Map<string, {x: number, y: number}[]>}}
 *   Top left corners by step; points on the way of long ways by `step|port`.
 */
export function layOut(flow) {
  const ids = [TRIGGER, ...inOrder(flow)];
  const { edges, rows } = inRows(flow, ids);
  for (let n = 0; n < SWEEPS; n += 1) order(rows, n % 2 === 0);
  settle(rows);
  const places = new Map(), bends = new Map();
  let y = 0;
  for (const row of rows) {
    const tall = Math.max(...row.map((one) => (one.id === null ? 0 : height(flow, one.id))), 0);
    for (const one of row) {
      if (one.id === null) bends.set(one.key, [...(bends.get(one.key) ?? []), { x: Math.round(one.x), y }, { x: Math.round(one.x), y: y + tall }]);
      else places.set(one.id, { x: Math.round(one.x - WIDTH / 2), y, h: height(flow, one.id) });
    }
    y += tall + ROW;
  }
  for (const [id, place] of Object.entries(flow.layout ?? {})) {
    if (!places.has(id) || id === TRIGGER) continue;
    places.set(id, { ...places.get(id), ...place });
    for (const edge of edges) if (edge.from === id || edge.to === id) bends.delete(edge.key);
  }
  const start = places.get(flow.start);
  if (start) places.set(TRIGGER, { x: start.x, y: start.y - ROW - height(flow, TRIGGER), h: height(flow, TRIGGER) });
  return { places, bends };
}

/** Put every step one row below the lowest that leads to it; loops' ways back do not count. */
function inRows(flow, ids) {
  const edges = ids.flatMap((from) => exits(flow, from).map((way, n, all) => (
    { from, to: way.to, key: `${from}|${way.port}`, lean: (n + 0.5) / all.length - 0.5 })))
    .filter((edge) => edge.to in flow.steps);
  const out = Map.groupBy ? Map.groupBy(edges, (edge) => edge.from) : groups(edges);
  const state = new Map(), done = [];
  const visit = (id) => {
    state.set(id, 1);
    for (const edge of out.get(id) ?? []) {
      if (state.get(edge.to) === 1) edge.isBack = true;
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, 2);
    done.unshift(id);
  };
  ids.forEach((id) => state.has(id) || visit(id));
  const row = new Map(ids.map((id) => [id, id === TRIGGER ? 0 : 1]));
  for (const id of done) {
    for (const edge of out.get(id) ?? []) if (!edge.isBack) row.set(edge.to, Math.max(row.get(edge.to), row.get(id) + 1));
  }
  const rows = Array.from({ length: Math.max(...row.values()) + 1 }, () => []);
  const nodes = new Map(ids.map((id) => [id, { id, above: [], below: [], x: 0, w: WIDTH }]));
  ids.forEach((id) => rows[row.get(id)].push(nodes.get(id)));
  for (const edge of edges) {
    if (edge.isBack) continue;
    let before = nodes.get(edge.from), lean = edge.lean * WIDTH;
    for (let at = row.get(edge.from) + 1; at <= row.get(edge.to); at += 1) {
      const isEnd = at === row.get(edge.to);
      const node = isEnd ? nodes.get(edge.to) : { id: null, key: edge.key, above: [], below: [], x: 0, w: BEND };
      if (!isEnd) rows[at].push(node);
      before.below.push({ node, lean: -lean });
      node.above.push({ node: before, lean });
      [before, lean] = [node, 0];
    }
  }
  return { edges, rows };
}

function order(rows, isDown) {
  rows.forEach((row) => row.forEach((one, n) => { one.rank = n; }));
  for (const row of isDown ? rows : rows.toReversed()) {
    for (const one of row) {
      const beside = isDown ? one.above : one.below;
      one.wish = beside.length ? beside.reduce((sum, { node, lean }) => sum + node.rank + lean / WIDTH, 0) / beside.length : one.rank;
    }
    row.sort((a, b) => a.wish - b.wish || a.rank - b.rank);
    row.forEach((one, n) => { one.rank = n; });
  }
}

/** Give each the x that its neighbours wish for, as far as the row has room. */
function settle(rows) {
  for (const row of rows) spread(row, row.map((_, n) => (n - (row.length - 1) / 2) * (WIDTH + GAP)));
  for (let n = 0; n < 2 * SWEEPS; n += 1) {
    const isDown = n % 2 === 0;
    for (const row of isDown ? rows : rows.toReversed()) {
      spread(row, row.map((one) => {
        const beside = isDown || !one.below.length ? one.above : one.below;
        if (!beside.length) return one.x;
        return beside.reduce((sum, { node, lean }) => sum + node.x + lean, 0) / beside.length;
      }));
    }
  }
}

function spread(row, wished) {
  const apart = (n) => (row[n - 1].w + row[n].w) / 2 + GAP;
  const right = [...wished], left = [...wished];
  for (let n = 1; n < row.length; n += 1) right[n] = Math.max(right[n], right[n - 1] + apart(n));
  for (let n = row.length - 2; n >= 0; n -= 1) left[n] = Math.min(left[n], left[n + 1] - apart(n + 1));
  row.forEach((one, n) => { one.x = (right[n] + left[n]) / 2; });
}

function groups(edges) {
  const found = new Map();
  for (const edge of edges) found.set(edge.from, [...(found.get(edge.from) ?? []), edge]);
  return found;
}
