// An emergency's people without a network: who stands there, and the identity document that the guard sees of them (R-A2).
import { onConfirm } from "./confirm.js";
import { documentKey, peopleOf } from "./judge.js";
import { plainNumber, whyNotDocument } from "./rules.js";
import { made, show, verdict, wire } from "./screen.js";
import { clockTime, say, word } from "./words.js";

/** Who stands there. @param {Object} gate  what app.js lends @param {Object[]} people @param {Set<string>} within  whose hash is inside */
export async function showPeople(gate, { record, rooms, refusal }, people, within) {
  const { house } = gate.copy;
  const enterBy = word("enter-by", { room: rooms[0]?.code, at: clockTime(record.lapses, house.zone, await gate.now()) });
  const head = refusal ? verdict("stop", word("may-not-enter"), say(refusal, house)) : verdict("ok", word("emergency-approved"), enterBy);
  const screen = wire(show(head, made("t-people", { client: record.client, number: record.number })));
  for (const person of people) {
    const [state, tone] = within.has(person.hash) ? ["person-inside", "ok"]
      : person.withdrawn ? ["may-not-enter", "stop"]
        : person.hash ? ["person-seen", "rest"] : ["person-unseen", "wait"];
    const tail = person.tail ? word("document-ends", { tail: person.tail }) : null;
    const line = made("t-person", { name: person.name, tail, state: word(state) });
    line.querySelector(".state").classList.add(tone);
    line.querySelector("button").addEventListener("click", () => gate.choose(record, person));
    screen.querySelector("[data-people]").append(line);
  }
  const another = screen.querySelector("[data-someone-else]");
  another.hidden = Boolean(refusal);
  another.addEventListener("click", () => gate.choose(record, null));
  return onConfirm(screen, gate, record, null);
}

/** The document is written down, and kept with its time until the portal records it. `person` null: nobody who was named. */
export async function showDocument(gate, record, person, told = null, typed = {}) {
  const { house } = gate.copy;
  const head = told ? verdict("wait", word("not-yet"), say(told, house))
    : verdict("wait", word("see-document"), `${record.number} · ${record.client}`);
  const screen = wire(show(head, made("t-document", {})));
  const { elements } = screen.querySelector("form");
  for (const [key, label] of house.documents) elements.kind.append(new Option(label, key));
  elements.name.value = typed.name ?? person?.name ?? "";
  elements.kind.value = typed.kind ?? house.documents[0][0];
  elements.number.value = typed.number ?? "";
  const keep = async () => {
    const seen = { name: elements.name.value.trim(), kind: elements.kind.value, number: plainNumber(elements.number.value) };
    const others = peopleOf(record, await gate.since());
    const same = others.find(({ hash }) => hash === documentKey(seen));
    const why = whyNotDocument(seen) ?? (same ? { code: "emergency.seen_already", data: { name: same.name } } : null);
    if (why) return showDocument(gate, record, person, why, { ...seen, number: elements.number.value });
    const chosen = { id: person?.id ?? null, withdrawn: false, name: seen.name, tail: seen.number.slice(-4), hash: documentKey(seen), document: seen };
    await gate.keep("scan", { ...record, who: chosen.id, name: chosen.name, hash: chosen.hash, document: seen });
    return gate.choose(record, chosen);
  };
  screen.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); screen.querySelector("[data-confirm]").click(); });
  return onConfirm(screen, gate, record, keep);
}
