// Comfort only: every page works without this file.
"use strict";

// A filter that is chosen takes effect at once; text waits for Enter.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", (event) => {
    if (event.target.name && event.target.matches("select, input[type=checkbox], input[type=date]")) form.requestSubmit();
  });
  // An address without empty parameters is one that people can read and pass on.
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && field.value === "" && field.type !== "select-one") field.disabled = true;
  });
}

// The rail is longer than a low screen: the place that one is at stands in sight.
const rail = document.querySelector(".rail-inner");
const here = rail && rail.querySelector("[aria-current]");
if (here && here.offsetTop + here.offsetHeight > rail.clientHeight) rail.scrollTop = here.offsetTop - rail.clientHeight / 2;

// Codes that are passed on are copied by a button.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 1600);
  });
}

// Menus close on Escape and when something else is pressed.
const menus = () => document.querySelectorAll("details.pop[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// After a form came back with errors, the summary is read first.
document.querySelector("[data-focus]")?.focus();

// A chosen picture shows before it is sent.
for (const upload of document.querySelectorAll("[data-upload]")) {
  const input = upload.querySelector("input[type=file]");
  input?.addEventListener("change", () => {
    upload.querySelector(".chosen")?.remove();
    const file = input.files[0];
    if (!file || !file.type.startsWith("image/") || "crop" in input.dataset) return;
    const picture = document.createElement("img");
    picture.className = "chosen";
    picture.alt = file.name;
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
    upload.prepend(picture);
  });
}

// A form that is on its way is not sent again by a second press.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
    setTimeout(() => { delete form.dataset.sent; form.removeAttribute("aria-busy"); }, 8000);
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
