// The verdict on a scan without a network: the signature, then the copy, then the rules, with what this phone did since.
import { plainNumber, whyNotBadge, whyNotEmergency, whyNotPerson, whyNotSlip, whyNotVisit } from "./rules.js";
import { importKeys, KIND, normaliseShortCode, readToken, tokenFromScan, Unreadable } from "./token.js";

/**
 * @typedef {Object} Verdict  What the page shows. `refusal` null: it may go on.
 * @property {?import("./rules.js").Refusal} refusal @property {?Object} record  the pass in the copy
 * @property {{id: string, code: string, name: string}[]} rooms  those that it opens today and here
 * @property {?{room: string, since: number, kept: string[]}} inside  room's code, when the log or this phone has the person inside
 */

const refused = (code, data = {}, record = null) => ({ refusal: { code, data }, record, rooms: [], inside: null });

/** The site's calendar day at a moment. @returns {string} ISO date */
export function dayAt(moment, zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(moment);
}

/**
 * @param {string} scanned @param {import("./copy.js").Copy} copy
 * @param {import("./queue.js").Happened[]} since  what this phone did and the copy does not know
 * @param {number} now  ms @returns {Promise<Verdict>}
 */
export async function judge(scanned, copy, since, now) {
  let record, token = null;
  try {
    const text = tokenFromScan(scanned);
    if (text !== null) {
      token = await readToken(text, await importKeys(copy.house.keys));
      record = copy.byPass.get(token.pass);
    } else {
      record = copy.byCode.get(normaliseShortCode(scanned));
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return refused(
      { unsupported: "gate.cannot_verify", bad_signature: "gate.forged", wrong_check: "gate.mistyped" }[error.code] ?? "gate.not_a_pass",
    );
  }
  if (token?.kind === KIND.work_order) return refused("gate.work_order_paper");
  if (!record) return whatIsNotThere(token, copy, now);
  if (token && KIND[record.kind] !== token.kind) return refused("gate.unknown");
  return judgeRecord(record, copy, since, now);
}

/** The verdict on a pass of the copy. */
export function judgeRecord(record, copy, since, now) {
  return JUDGES[record.kind](record, copy, since, now);
}

/** A token may be signed and yet not in the copy: over, or not expected here in the next 24 hours. */
function whatIsNotThere(token, copy, now) {
  if (token && token.validUntil <= now) {
    if (token.kind === KIND.visit) return refused("gate.visit_over", { at: token.validUntil });
    if (token.kind === KIND.emergency) return refused("emergency.lapsed", { at: token.validUntil });
    const day = dayAt(token.validUntil - 1, copy.house.zone);
    return refused(token.kind === KIND.exit_slip ? "gate.slip_lapsed" : "gate.badge_expired", { day });
  }
  return refused("gate.not_in_copy");
}

function judgeBadge(record, copy, since, now) {
  const today = dayAt(now, copy.house.zone);
  const open = record.rooms.filter(([, from, to]) => from <= today && today <= to).map(([id]) => id);
  const rooms = [...new Set(open)].filter((id) => id in copy.house.rooms).map((id) => ({ id, ...copy.house.rooms[id] }));
  rooms.sort((a, b) => (a.code < b.code ? -1 : 1));
  const inside = whereInside(record, copy, since);
  let refusal = whyNotBadge({ state: record.state, until: record.until, rooms: open, revoked: record.revoked }, today);
  if (record.hash && copy.house.bans.includes(record.hash)) refusal = { code: "gate.barred", data: {} };
  if (!refusal && !record.name) refusal = { code: "gate.not_in_copy", data: {} };
  return { refusal, record, rooms, inside };
}

function judgeVisit(record, copy, since, now) {
  const frozen = (copy.house.freezes[record.room] ?? []).find(([from, to]) => from <= now && now < to);
  const facts = { ...record, inForce: inForce(record.contracts ?? [], copy, now), frozenUntil: frozen?.[1] ?? null };
  let refusal = whyNotVisit(facts, now);
  if (copy.house.bans.includes(record.hash)) refusal = { code: "gate.barred", data: {} };
  if (!refusal && !record.name) refusal = { code: "gate.not_in_copy", data: {} };
  return { refusal, record, rooms: roomsOf(record, copy), inside: record.name ? whereInside(record, copy, since) : null };
}

/** An emergency as a whole: who stands there is chosen next. */
function judgeEmergency(record, copy, since, now) {
  const facts = { ...record, inForce: record.in_force ? inForce([record.in_force], copy, now) : false };
  return { refusal: whyNotEmergency(facts, now), record, rooms: roomsOf(record, copy), inside: null };
}

/** One of an emergency's people. Their record is the pass with who they are. @returns {Verdict} */
export function judgePerson(record, person, copy, since, now) {
  const chosen = { ...record, who: person.id, name: person.name, tail: person.tail, hash: person.hash, document: person.document ?? null };
  const inside = whereInside(chosen, copy, since);
  const found = judgeEmergency(record, copy, since, now);
  let refusal = found.refusal ?? (inside ? null : whyNotPerson({ seen: Boolean(person.hash), withdrawn: person.withdrawn }));
  if (person.hash && copy.house.bans.includes(person.hash)) refusal = { code: "gate.barred", data: {} };
  return { ...found, refusal, record: chosen, inside };
}

/** By what a phone tells people whose document it recorded: it has no key for the portal's hash. */
export const documentKey = ({ kind, number }) => `${kind === "driving_licence" ? "identity_card" : kind} ${plainNumber(number)}`;

/** An emergency's people, with those whose document this phone has recorded since. */
export function peopleOf(record, since) {
  const people = (record.people ?? []).map((person) => ({ ...person }));
  for (const { pass, who, document } of since) {
    if (pass !== record.pass || !document) continue;
    const hash = documentKey(document);
    const known = people.find((person) => person.hash === hash) ?? people.find((person) => who && person.id === who && !person.hash);
    const seen = { name: document.name, tail: plainNumber(document.number).slice(-4), hash, document };
    if (known) Object.assign(known, seen);
    else people.push({ id: null, withdrawn: false, ...seen });
  }
  return people;
}

/** Whether one of the terms, [first day, last day], is running. */
function inForce(terms, copy, now) {
  const today = dayAt(now, copy.house.zone);
  return terms.some(([from, to]) => from <= today && today <= to);
}

const roomsOf = ({ room }, copy) => (room in copy.house.rooms ? [{ id: room, ...copy.house.rooms[room] }] : []);

function judgeSlip(record, copy, since, now) {
  const used = since.find((happened) => happened.kind === "release" && happened.pass === record.pass);
  const facts = { state: record.state, day: record.day, released: used?.at ?? record.released, revoked: record.revoked };
  return { refusal: whyNotSlip(facts, dayAt(now, copy.house.zone)), record, rooms: [], inside: null };
}

const JUDGES = { badge: judgeBadge, visit: judgeVisit, emergency: judgeEmergency, exit_slip: judgeSlip };

/** Where the person is inside by the copy and by what this phone did since; null when they are not. */
export function whereInside(record, copy, since) {
  const stay = record.hash && insideNow(copy, since).find((one) => one.hash === record.hash);
  return stay ? { room: copy.house.rooms[stay.room]?.code ?? "", since: stay.since, kept: stay.kept } : null;
}

/** Who is inside now, for the evacuation list: the copy's stays with what this phone did since. @returns {Object[]} */
export function insideNow(copy, since) {
  const stays = new Map(copy.inside.map((stay) => [stay.hash, stay]));
  for (const { kind, room, at, kept, shown: { hash, name, client } } of since) {
    if (kind === "entry") stays.set(hash, { hash, room, since: at, name, client, kept });
    if (kind === "exit") stays.delete(hash);
  }
  return [...stays.values()];
}

/** Whether the supervisor has allowed that a slip of this site leaves without a network now. */
export function mayRelease(record, copy, now) {
  return (copy.releases[record.site] ?? 0) > now;
}
