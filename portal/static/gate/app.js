// The gate without a network: what the service worker shows when the portal cannot be reached.
import { correctedNow, dropIfOver, open } from "./copy.js";
import { offerCamera } from "./camera.js";
import { insideNow, judge, judgePerson, judgeRecord, peopleOf } from "./judge.js";
import { add, counts, newNonce, waiting } from "./queue.js";
import { made, show, verdict, ways, wire } from "./screen.js";
import { showPerson, showSlip } from "./confirm.js";
import { showDocument, showPeople } from "./people.js";
import { sync } from "./sync.js";
import { remember, wipe } from "./vault.js";
import { clockTime, say, word } from "./words.js";

const LOOK_EVERY = 20_000; // ms between two looks for the network
/** @type {?import("./copy.js").Copy} */
let copy = null;
let mistaken = 0, unread = 0; // what the portal objected to, and what it could not read, since this page was opened

/** What the pieces of the app need of each other. */
const gate = {
  get copy() { return copy; },
  /** This guard's events that the portal has not booked yet. */
  since: async () => (copy ? (await waiting(copy.guard.id)).map(({ happened }) => happened) : []),
  now: correctedNow,
  home,
  look,
  keep,
  choose,
};

/** Keeps what happened, for the portal to book. @param {string} kind @param {?Object} record @param {Object} facts */
async function keep(kind, record, facts = {}) {
  await add({
    nonce: newNonce(), kind, guard: copy.guard.id, at: await correctedNow(), copied: copy.madeAt, pass: record?.pass ?? null, room: null,
    points: [], items: [], escort: null, kept: [], given_back: [], mover_seen: false, rest_stays: false, code: "", reason: "",
    who: record?.who ?? null, serial: "", document: record?.document ?? null,
    ...facts,
    shown: { label: record?.number ?? "", name: record?.name ?? "", client: record?.client ?? "", hash: record?.hash ?? null },
  });
  await bar();
}

/** Judges what was scanned or typed, keeps the scan, shows the verdict. */
async function look(scanned) {
  await fresh();
  if (!copy) return home();
  return decided(await judge(scanned, copy, await gate.since(), await correctedNow()));
}

async function decided(found) {
  const { refusal, record, inside } = found;
  await keep(refusal ? "refusal" : "scan", record, { code: refusal?.code ?? "" });
  if (record?.kind === "exit_slip" && !refusal) return showSlip(gate, found);
  if (record?.kind === "emergency" && (!refusal || insideOn(record, await gate.since()).length)) return emergency(found);
  if (record && (inside || !refusal)) return showPerson(gate, found);
  return over(found);
}

/** Nothing goes on: why not, with its code. */
function over({ record, refusal }) {
  const title = record?.kind === "exit_slip" ? word("nothing-leaves") : word("may-not-enter");
  const unsure = ["gate.not_in_copy", "gate.cannot_verify"].includes(refusal.code);
  const head = unsure ? verdict("wait", word("cannot-tell"), say(refusal, copy.house)) : verdict("stop", title, say(refusal, copy.house));
  return wire(show(head, made("t-over", { code: refusal.code })));
}

/** Who stands there, of an emergency's people: of one that is over those who are still inside. */
async function emergency(found) {
  const since = await gate.since(), within = insideOn(found.record, since);
  const people = found.refusal ? within : peopleOf(found.record, since);
  return showPeople(gate, found, people, new Set(within.map((person) => person.hash)));
}

function insideOn(record, since) {
  const hashes = new Set(insideNow(copy, since).map((stay) => stay.hash));
  return peopleOf(record, since).filter((person) => hashes.has(person.hash));
}

/** One of an emergency's people was chosen; null: somebody who was not named. Whose document was not seen yet, shows it (R-A2). */
async function choose(record, person) {
  if (!person) return showDocument(gate, record, null);
  const found = judgePerson(record, person, copy, await gate.since(), await correctedNow());
  if (found.refusal?.code === "emergency.not_identified") return showDocument(gate, record, person);
  if (found.inside || !found.refusal) return showPerson(gate, found);
  await keep("refusal", found.record, { code: found.refusal.code });
  return over(found);
}

/** The first screen: scan or type; who is inside; what waits to be sent. */
async function home() {
  await fresh();
  history.replaceState(null, "", "/gate/");
  if (!copy) {
    const waits = await counts(null);
    wire(show(made("t-no-copy", { waits: waits.all ? word("waits", { count: waits.all }) : null })));
    return;
  }
  const since = await gate.since();
  const screen = wire(show(made("t-home", { guard: copy.guard.name, inside: String(insideNow(copy, since).length) })));
  screen.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = event.target.elements.code.value;
    if (text.trim()) look(text);
  });
  offerCamera(look);
  const list = screen.querySelector("[data-waiting]");
  list.hidden = !since.length;
  for (const happened of since.slice(-8).reverse()) {
    list.querySelector("ul").append(made("t-happened", {
      who: happened.shown.name || happened.shown.label || word("nothing-readable"),
      what: word(`kind-${happened.kind}`),
      label: happened.shown.label,
      at: clockTime(happened.at, copy.house.zone),
    }));
  }
}

/** Who has to be out in an emergency, by room, as the phone knows it. */
async function evacuation() {
  await fresh();
  if (!copy) return home();
  const stays = insideNow(copy, await gate.since());
  const screen = wire(show(made("t-evacuation", {
    count: String(stays.length), as_of: word("as-of", { at: clockTime(copy.madeAt, copy.house.zone) }),
    nobody: stays.length ? null : word("nobody-inside"),
  })));
  const rooms = Map.groupBy ? Map.groupBy(stays, (stay) => stay.room) : groups(stays);
  for (const [room, people] of rooms) {
    const part = made("t-evacuation-room", { room: copy.house.rooms[room]?.name ?? "", count: String(people.length) });
    const list = part.querySelector("ul");
    for (const { name, client, since } of people) {
      list.append(made("t-evacuee", { name, client, since: word("since", { at: clockTime(since, copy.house.zone) }) }));
    }
    screen.querySelector("[data-rooms]").append(part);
  }
}

function groups(stays) {
  const found = new Map();
  for (const stay of stays) found.set(stay.room, [...(found.get(stay.room) ?? []), stay]);
  return found;
}

/** Signs out on this phone at once; the portal is told when there is a network. */
async function signOut() {
  await wipe();
  await remember("leaving", true);
  copy = null;
  await home();
  await online();
}

async function fresh() {
  copy = await open();
  await bar();
}

/** The bar that says what this is: no network, as of when, and what waits. */
async function bar() {
  const waits = (await counts(copy?.guard.id ?? null)).all;
  const now = await correctedNow();
  const line = copy ? word("offline-as-of", { at: clockTime(copy.madeAt, copy.house.zone, now) }) : word("offline");
  document.querySelector("[data-net-line]").textContent = waits ? `${line} ${word("waits", { count: waits })}` : line;
}

/** Looks for the network; when it is back and everything is sent, the portal's own page takes over. */
async function online() {
  const { state, objections, unreadable } = await sync();
  mistaken += objections;
  unread += unreadable;
  if (state === "offline") return;
  const back = document.querySelector("[data-net-back]");
  back.hidden = false;
  document.querySelector(".net").dataset.net = "online";
  const lines = [];
  if (state === "signed_out") lines.push(word("signed-out"));
  if (state === "off_duty") lines.push(word("off-duty"));
  if (unread) lines.push(word("unreadable", { count: unread }));
  if (mistaken) lines.push(word("objections", { count: mistaken }));
  document.querySelector("[data-net-line]").textContent = lines.join(" ") || word("online-again");
}

async function start() {
  await fresh();
  const path = decodeURIComponent(location.pathname);
  const code = path.toUpperCase().startsWith("/G/") ? path : new URLSearchParams(location.search).get("code");
  const pass = /^\/gate\/passes\/([0-9a-z]{26})\//.exec(path);
  if (path.startsWith("/gate/evacuation")) await evacuation();
  else if (copy && code) await look(code);
  else if (copy && pass) await confirmAgain(pass[1]);
  else await home();
  await online();
}

/** The network went away under a confirm that was just sent: its pass is judged here, and confirmed anew. */
async function confirmAgain(text) {
  const record = copy.byPass.get(passHex(text));
  if (!record) return home();
  return decided(judgeRecord(record, copy, await gate.since(), await correctedNow()));
}

function passHex(text) {
  let value = 0n;
  for (const character of text) value = (value << 5n) | BigInt("0123456789abcdefghjkmnpqrstvwxyz".indexOf(character));
  return value.toString(16).padStart(32, "0");
}

Object.assign(ways, { home, evacuation, leave: signOut, print: () => window.print() });
setInterval(async () => { if (await dropIfOver()) await home(); else await online(); }, LOOK_EVERY);
window.addEventListener("online", online);
start();
