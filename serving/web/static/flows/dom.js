// How do scripts make elements? One function; no text is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "g", "defs", "marker", "circle", "title"]);

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [given] Attributes; `on*` are listeners, false and null are left out.
 * @param {...(Node|string|null|false|undefined|Array)} children
 * @returns {any}
 */
export function h(tag, given = {}, ...children) {
  const made = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return made;
}

/** Put children into an element in place of what is there. @param {Element} element */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
}

// Glyphs of the kinds of steps, drawn in a square of 20.
const GLYPHS = {
  trigger: "M11 2 4 11.5h5L8.5 18 16 8.5h-5z",
  wait: "M10 5.5V10l3 2M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z",
  await: "M4 10a6 6 0 1 1 6 6M10 7v3l2 1M4 16h.01M7 17.5h.01M2.5 13.5h.01",
  branch: "M6 3v14M6 10h5a3 3 0 0 0 3-3V4M11.5 6 14 3.5 16.5 6",
  retry: "M16 10a6 6 0 1 1-2-4.5M16 2.5v4h-4",
  message: "M3 5h14v10H3zM3.5 5.5 10 11l6.500-5.500",
  task: "M10 9.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c0-3 2.500-4.500 6-4.500s6 1.500 6 4.500",
  webhook: "M8 6 3.500 10 8 14M12 6l4.500 4-4.500 4",
  subscription: "M4 6h12M4 10h12M4 14h6M14 12.500v4M12 14.500h4",
  split: "M10 17v-6M10 11 5 5M10 11l5-6M5 9V5h4M11 5h4v4",
  end: "M5 17V3.500h9l-2 3 2 3H5",
};

/** Return the glyph of a kind. @param {string} kind */
export function glyph(kind) {
  return h("svg", { viewBox: "0 0 20 20", class: "glyph", "aria-hidden": "true" },
    h("path", { d: GLYPHS[kind] ?? GLYPHS.end }));
}
