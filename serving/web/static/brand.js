// How does the email look while one types? The form is sent to the frame, once it is valid and rests.
"use strict";
const form = document.querySelector("#brand");
const show = document.querySelector('[formtarget="mail"]');
let soon = 0;
function preview() {
  if (!form.checkValidity()) return;
  const disabled = [...form.elements].filter((one) => one.disabled);
  disabled.forEach((one) => { one.disabled = false; });
  form.requestSubmit(show);
  disabled.forEach((one) => { one.disabled = true; });
}
for (const moment of ["input", "change"]) {
  form.addEventListener(moment, () => {
    clearTimeout(soon);
    soon = setTimeout(preview, 400);
  });
}
for (const one of document.querySelectorAll("#purpose, #language")) one.addEventListener("change", preview);
preview();
