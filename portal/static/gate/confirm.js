// The two things that duty staff confirm without a network: a person in or out, and equipment out.
import { mayRelease } from "./judge.js";
import { photoUrl } from "./copy.js";
import { whyNotEnter, whyNotKept, whyNotTicked } from "./rules.js";
import { made, show, tickBox, ticked, verdict, wire } from "./screen.js";
import { clockTime, say, word } from "./words.js";

/** A person: in with the checklist, or out. @param {Object} gate  what app.js lends @param {import("./judge.js").Verdict} found */
export async function showPerson(gate, found, told = null, kept = [], typed = "") {
  const { record, rooms, inside, refusal } = found;
  const { house } = gate.copy;
  const photo = await photoUrl(record.photo);
  const slots = {
    photo, name: record.name, client: record.client, number: record.number, tail: record.tail, no_photo: photo ? null : "\u00a0",
  };
  if (inside) {
    const since = word("inside-since", { room: inside.room, at: clockTime(inside.since, house.zone) });
    const head = verdict(refusal ? "wait" : "ok", word("may-leave"), refusal ? `${since} ${say(refusal, house)}` : since);
    const owed = told ? verdict("wait", word("not-yet"), say(told, house)) : head;
    const screen = wire(show(owed, made("t-leave", slots)));
    screen.querySelector("[data-desk]").hidden = !inside.kept.length;
    for (const item of inside.kept) screen.querySelector("[data-back]").append(tickBox("back", item, keptLabel(house, item)));
    return onConfirm(screen, gate, record, async () => {
      const back = ticked(screen, "back");
      const missing = inside.kept.filter((item) => !back.includes(item)).length;
      if (missing) return showPerson(gate, found, { code: "gate.kept_not_back", data: { count: missing } });
      await gate.keep("exit", record, { room: roomOf(house, inside.room), given_back: back });
      return done(gate, record, "kind-exit", inside.room);
    });
  }
  const end = { badge: record.until, visit: record.ends, emergency: record.lapses }[record.kind];
  const until = record.kind === "badge" ? end : clockTime(end, house.zone, await gate.now());
  const named = word("rooms-until", { rooms: rooms.map((room) => room.code).join(" "), day: until });
  const head = told ? verdict("wait", word("not-yet"), say(told, house)) : verdict("ok", word("may-enter"), named);
  const screen = wire(show(head, made("t-enter", slots)));
  const list = screen.querySelector("[data-points]"), choice = screen.querySelector("[data-choice]");
  for (const [key, label] of house.checklist) list.append(tickBox("point", key, label));
  choice.hidden = rooms.length < 2;
  for (const room of rooms) {
    const line = made("t-room", { room: room.name.includes(room.code) ? room.name : `${room.code} ${room.name}` });
    Object.assign(line.querySelector("input"), { value: room.id, checked: rooms.length === 1 });
    choice.append(line);
  }
  for (const [key, label] of house.kept_items) screen.querySelector("[data-kept]").append(tickBox("kept", key, label));
  for (const box of screen.querySelectorAll("input:not([type=text])")) if (kept.includes(box.value)) box.checked = true;
  const other = screen.querySelector("[data-kept-other]");
  other.value = typed;
  if (typed || house.kept_items.some(([key]) => kept.includes(key))) screen.querySelector("details.at-desk").open = true;
  const escort = escorts(screen, house, record, kept);
  cameOut(screen, gate, record, rooms);
  return onConfirm(screen, gate, record, async () => {
    const points = ticked(screen, "point"), [roomId = null] = ticked(choice, "room");
    const room = rooms.find((one) => one.id === roomId) ?? null;
    const why = whyNotEnter({
      refusal, rooms: rooms.map((one) => one.code), room: room?.code ?? null, inside, escorted: record.escorted ?? false,
      escortNamed: house.escorts.some(([id]) => id === escort.value), checked: points, points: house.checklist.map(([key]) => key),
    });
    const usual = ticked(screen, "kept");
    const left = [...new Set([...usual, ...other.value.split(/[,，、]/).map((item) => item.trim()).filter(Boolean)])];
    const refused = why ?? whyNotKept(left);
    if (refused) return showPerson(gate, found, refused, [...points, roomId, escort.value, ...usual], other.value);
    await gate.keep("entry", record, { room: roomId, points, kept: left, escort: escort.value || null });
    return done(gate, record, "kind-entry", room.code);
  });
}

/** Who goes with a visitor that is escorted; for anybody else the field is not shown. */
function escorts(screen, house, record, kept) {
  const field = screen.querySelector("[data-escort]"), choice = field.querySelector("select");
  field.hidden = !record.escorted;
  for (const [id, name] of house.escorts) choice.append(new Option(name, id, false, kept.includes(id)));
  return choice;
}

const roomOf = (house, code) => Object.entries(house.rooms).find(([, room]) => room.code === code)?.[0] ?? null;
const keptLabel = (house, item) => house.kept_items.find(([key]) => key === item)?.[1] ?? item;

/** Someone comes out whose entry this phone does not know: booked with the guard's word on how they got in. */
function cameOut(screen, gate, record, rooms) {
  const form = screen.querySelector("[data-came-out]"), choice = form.querySelector("[data-out-room]");
  choice.hidden = rooms.length < 2;
  for (const room of choice.hidden ? [] : rooms) {
    const line = made("t-room", { room: room.code });
    Object.assign(line.querySelector("input"), { value: room.id, required: true });
    choice.append(line);
  }
  screen.querySelector("[data-open-came-out]").addEventListener("click", () => {
    form.hidden = false;
    form.elements.reason.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const room = rooms.length === 1 ? rooms[0] : rooms.find((one) => one.id === form.elements.room.value);
    await gate.keep("exit", record, { room: room?.id ?? null, reason: form.elements.reason.value.trim() });
    done(gate, record, "kind-exit", room?.code ?? "");
  });
}

/** An exit slip: shown item by item; released only where the supervisor has allowed it. */
export async function showSlip(gate, found, told = null, kept = []) {
  const { record } = found;
  const { house } = gate.copy;
  const allowed = mayRelease(record, gate.copy, await gate.now());
  const count = word("items-today", { count: record.items.length });
  const head = told ? verdict("wait", word("not-yet"), say(told, house))
    : allowed ? verdict("ok", word("slip-valid"), count)
      : verdict("wait", word("slip-valid-but"), say({ code: "gate.release_offline" }, house));
  const slots = { name: record.name, client: record.client, number: record.number, tail: record.tail };
  const screen = wire(show(head, made(allowed ? "t-release" : "t-slip", slots)));
  const list = screen.querySelector("[data-items]");
  for (const item of record.items) list.append(tickBox("item", item.id, item.model, item.serial));
  if (!allowed) {
    for (const box of list.querySelectorAll("input")) box.remove();
    return screen;
  }
  const last = screen.querySelector("[data-last]");
  last.append(tickBox("mover", "1", word("mover-seen", { name: record.name })), tickBox("rest", "1", word("rest-stays")));
  for (const box of screen.querySelectorAll("input")) if (kept.includes(`${box.name} ${box.value}`)) box.checked = true;
  tickBySerial(screen, gate, record);
  return onConfirm(screen, gate, record, async () => {
    const items = ticked(screen, "item");
    const moverSeen = ticked(screen, "mover").length > 0, restStays = ticked(screen, "rest").length > 0;
    const why = whyNotTicked({ listed: record.items.map((item) => item.id), ticked: items, moverSeen, restStays });
    const boxes = [...screen.querySelectorAll("input:checked")].map((box) => `${box.name} ${box.value}`);
    if (why) return showSlip(gate, found, why, boxes);
    await gate.keep("release", record, { items, mover_seen: moverSeen, rest_stays: restStays });
    return done(gate, record, "kind-release", word("items-left", { count: items.length }));
  });
}

/** A scanned serial number ticks its item; one that is not on the slip stays inside: that is said, and goes into the log. */
function tickBySerial(screen, gate, record) {
  const plain = (text) => text.normalize("NFKC").replace(/\s+/g, "").toUpperCase();
  const field = screen.querySelector("[data-tick]");
  field.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || event.isComposing || !field.value.trim()) return;
    event.preventDefault();
    const serial = plain(field.value);
    const item = record.items.find((one) => plain(one.serial) === serial);
    const said = screen.querySelector("[data-not-listed]");
    said.hidden = Boolean(item);
    if (item) screen.querySelector(`input[name="item"][value="${item.id}"]`).checked = true;
    else said.textContent = word("not-on-slip", { serial });
    window.signal?.(item ? "ok" : "stop");
    field.value = "";
    if (!item) await gate.keep("refusal", record, { code: "gate.not_on_slip", serial: serial.slice(0, 60) });
  });
}

/** The two buttons under the thumb: confirm, once; or turn away with a reason. */
export function onConfirm(screen, gate, record, confirm) {
  const button = screen.querySelector("[data-confirm]");
  button?.addEventListener("click", async () => {
    button.disabled = true;
    await confirm();
  });
  const form = screen.querySelector("[data-turn-away]");
  screen.querySelector("[data-open-turn-away]")?.addEventListener("click", () => {
    form.hidden = false;
    form.elements.reason.focus();
  });
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reason = form.elements.reason.value.trim();
    await gate.keep("refusal", record, { code: "gate.guard_refused", reason });
    wire(show(verdict("stop", word("kind-refusal"), reason), made("t-over", { code: "gate.guard_refused" })));
  });
  return screen;
}

function done(gate, record, kind, where) {
  const why = [record.name, where].filter(Boolean).join(" · ");
  return wire(show(verdict("ok", word(kind), why), made("t-done", { label: record.number })));
}
