// Comfort for the table of items: models are suggested while typing, and Enter (a scanner's, too) goes on to the next line.
"use strict";

const list = document.getElementById("models");
const table = document.querySelector(".order-lines tbody");
let asked = "", pause;

table?.addEventListener("input", (event) => {
  if (!event.target.matches("[data-models]")) return;
  clearTimeout(pause);
  pause = setTimeout(async () => {
    const text = event.target.value.trim();
    if (text.length < 2 || text === asked) return;
    asked = text;
    const answer = await fetch(`/work-orders/models?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { models } = await answer.json();
    list.replaceChildren(...models.map((label) => Object.assign(document.createElement("option"), { value: label })));
  }, 150);
});

// A serial number without a model is usually one more of the model above.
table?.addEventListener("input", (event) => {
  if (event.target.name !== "row_serial") return;
  const row = event.target.closest("tr");
  const model = row.querySelector("[name=row_model]");
  const above = row.previousElementSibling?.querySelector("[name=row_model]").value;
  if (above && !model.value) model.value = above;
});

table?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  event.preventDefault();
  const row = event.target.closest("tr");
  if (!row.nextElementSibling && row.hasAttribute("data-blank")) addLine(row);
  const next = row.nextElementSibling?.querySelector(`input[name="${event.target.name}"]`);
  if (!next) return;
  next.focus();
});

function addLine(row) {
  const made = row.cloneNode(true);
  const number = String(Number(row.querySelector(".line-number").textContent) + 1);
  made.querySelector(".line-number").textContent = number;
  for (const input of made.querySelectorAll("input")) {
    input.value = input.name === "row_ips" || input.name === "row_ports" ? "1" : "";
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+/, number));
  }
  row.after(made);
}
