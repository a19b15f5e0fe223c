// How does a page show what is under way? It asks again while something is, for a minute at most.
"use strict";
const key = `looks ${location.pathname}`;
const looks = Number(sessionStorage.getItem(key) || 0);
const isIdle = () => !document.activeElement || !document.activeElement.closest("form, details");
if (document.querySelector("[data-pending]") && looks < 20) {
  setTimeout(() => {
    if (!isIdle()) return;
    sessionStorage.setItem(key, String(looks + 1));
    location.replace(location.pathname);
  }, 3000);
}
