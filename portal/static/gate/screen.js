// Showing one screen of the gate's offline app: a template of the page with its slots filled. Texts only, never markup.

/** @param {ParentNode} root @param {Object<string, ?string>} slots  a null or empty value hides its slot */
export function fillSlots(root, slots) {
  for (const [name, value] of Object.entries(slots)) {
    for (const slot of root.querySelectorAll(`[data-slot="${name}"]`)) {
      if (slot.tagName === "IMG") slot.src = value ?? "";
      else if (slot.tagName !== "svg") slot.textContent = value ?? ""; // a drawing is shown or hidden, and keeps what is drawn
      slot.toggleAttribute("hidden", value === null || value === undefined || value === ""); // pictures of SVG know no .hidden
    }
  }
}

/** A copy of the page's template, its slots filled. @returns {DocumentFragment} */
export function made(template, slots = {}) {
  const part = document.getElementById(template).content.cloneNode(true);
  fillSlots(part, slots);
  return part;
}

/** Shows parts as the whole screen, from the top, and says so to a screen reader. @param {...DocumentFragment} parts */
export function show(...parts) {
  const screen = document.getElementById("screen");
  for (const picture of screen.querySelectorAll("img[src^='blob:']")) URL.revokeObjectURL(picture.src);
  screen.replaceChildren(...parts);
  window.scrollTo(0, 0);
  const tone = screen.querySelector("[data-verdict]")?.dataset.verdict;
  if (tone) window.signal?.(tone);
  (screen.querySelector("[autofocus]") ?? screen.querySelector("main"))?.focus({ preventScroll: true });
  return screen;
}

/** The verdict's head: ok (may pass), wait (look closer), stop (may not). */
export function verdict(tone, title, why = "") {
  const head = made(`t-${tone}`);
  head.querySelector("h1").textContent = title;
  head.querySelector(".why").textContent = why;
  return head;
}

/** One line of a list with a box to tick. */
export function tickBox(name, value, label, code = "") {
  const line = made("t-check", { label, code });
  const box = line.querySelector("input");
  box.name = name;
  box.value = value;
  return line;
}

export const ticked = (root, name) => [...root.querySelectorAll(`input[name="${name}"]:checked`)].map((box) => box.value);

/** Where the buttons with data-go lead; the app says. @type {Object<string, () => void>} */
export const ways = {};

/** Gives a screen's data-go buttons their ways. @param {HTMLElement} screen */
export function wire(screen) {
  for (const button of screen.querySelectorAll("[data-go]")) button.addEventListener("click", () => ways[button.dataset.go]());
  return screen;
}
