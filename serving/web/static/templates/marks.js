// Where in a text is what was found? Pieces of it, those that a finding concerns as marks.

import { fill, h } from "../flows/dom.js";

/**
 * Write a text with marks.
 * @param {Element} element @param {string} text
 * @param {{start: number, end: number, isBlocking: boolean}[]} places
 */
export function writeMarked(element, text, places) {
  const sorted = places.filter((one) => one.end > one.start).sort((a, b) => a.start - b.start), parts = [];
  let at = 0;
  for (const { start, end, isBlocking } of sorted) {
    if (start < at) continue;
    parts.push(text.slice(at, start), h("mark", { class: isBlocking ? "blocks" : "" }, text.slice(start, end)));
    at = end;
  }
  fill(element, parts, text.slice(at));
}

/** Return where findings of the body lie in the whole text, which has the link besides. */
export function inWhole(findings, text, link) {
  const links = [];
  for (let at = text.indexOf(link); at >= 0; at = text.indexOf(link, at + link.length)) links.push(at);
  const moved = (place, isEnd) => links.reduce((sum, at) => sum + (at < sum + (isEnd ? 0 : 1) ? link.length : 0), place);
  return findings.map((one) => ({ start: moved(one.start, false), end: moved(one.end, true), isBlocking: one.severity === "error" }));
}

/** Return where an excerpt stands in words as they are written; none where variables make it up. */
export function inWords(findings, words) {
  return findings.filter((one) => one.excerpt).flatMap((one) => {
    if (one.is_written) return asTold([one]);
    const start = words.toLowerCase().indexOf(one.excerpt.toLowerCase());
    return start < 0 ? [] : [{ start, end: start + one.excerpt.length, isBlocking: one.severity === "error" }];
  });
}

/** Return places of findings as they are. */
export function asTold(findings) {
  return findings.map((one) => ({ start: one.start, end: one.end, isBlocking: one.severity === "error" }));
}
