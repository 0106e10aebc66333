// The page's texts in the reader's language: they stand in its <template data-words>, one element each.

const SPOKEN = new Map();
for (const holder of document.querySelectorAll("template[data-words]")) {
  for (const line of holder.content.querySelectorAll("[data-word]")) SPOKEN.set(line.dataset.word, line.textContent.trim());
}

/** A text of the page with its data filled in. */
export function word(name, data = {}) {
  return fill(SPOKEN.get(name) ?? name, data);
}

/** `%(name)s` replaced by the data, as the portal's own sentences have it. */
export function fill(sentence, data) {
  return sentence.replace(/%\((\w+)\)s/g, (_all, name) => String(data[name] ?? "…"));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An ISO day as the reader writes it, as the portal's pages do: "11 月 23 日", "23 Nov"; with the year when it is another one. */
export function dayText(day, today) {
  const [year, month, date] = day.split("-").map(Number);
  const other = day.slice(0, 4) !== today.slice(0, 4);
  if (document.documentElement.lang.startsWith("zh")) return `${other ? `${year} 年 ` : ""}${month} 月 ${date} 日`;
  return `${date} ${MONTHS[month - 1]}${other ? ` ${year}` : ""}`;
}

/** The site's calendar day at a moment, in ISO form. */
const isoDay = (at, zone) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);

/** "10:30" on the site's clock; with the day when that is another one than today's. */
export function clockTime(moment, zone, now = Date.now()) {
  const [day, today] = [isoDay(moment, zone), isoDay(now, zone)];
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(moment);
  return day === today ? time : `${dayText(day, today)} ${time}`;
}

/** What a sentence says of a value: a moment on the site's clock, a day as the reader writes it, anything else as it is. */
function told(name, value, zone) {
  if (["at", "since", "until"].includes(name) && typeof value === "number") return clockTime(value, zone);
  return /^\d{4}-\d\d-\d\d$/.test(value) ? dayText(value, isoDay(Date.now(), zone)) : value;
}

/** A refusal in words: the copy holds its sentence. @param {?{code: string, data?: Object}} refusal */
export function say(refusal, house) {
  if (!refusal) return "";
  const shown = Object.fromEntries(Object.entries(refusal.data ?? {}).map(([name, value]) => [name, told(name, value, house?.zone)]));
  return fill(house?.words[refusal.code] ?? word(refusal.code), shown);
}
