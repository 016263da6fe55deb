// Dates and times in one format a language, as the server writes them: see openmoxie/formats.
const TIME = { hour: "numeric", minute: "2-digit" };
const DATE = { day: "numeric", month: "short", year: "numeric" };

/** The locale of dates and times: that of the page, whatever the browser's region. */
export const locale = document.documentElement.lang === "es" ? "es-ES" : "en-US";

/** A formatter with the options of Intl.DateTimeFormat. */
export function formatter(options) {
  const inner = new Intl.DateTimeFormat(locale, options);
  // Browsers put narrow spaces before AM, and write "sept" for September; the server does not.
  return { format: (moment) => inner.format(moment).replace(/[\u202f\u00a0]/g, " ").replace(/\bsept\b/, "sep") };
}

const [time, date, withSeconds, weekday] = [TIME, DATE, { ...TIME, second: "2-digit" }, { weekday: "long" }].map(formatter);

/** The time of day. */
export const clock = time;
/** The time of day with its seconds, for logs. */
export const exactClock = withSeconds;

/** A date. */
export const calendar = (moment) => (locale === "es-ES" ? date.format(moment).replace(/ de /g, " ") : date.format(moment));

/** A day of the week and its date. */
export const day = (moment) => `${weekday.format(moment)}, ${calendar(moment)}`;

/** A date and a time. */
export function dateTime(moment) {
  return `${calendar(moment)}, ${time.format(moment)}`;
}

/** The time of day, with the date if it is not today. */
export function when(iso) {
  const moment = new Date(iso);
  return moment.toDateString() === new Date().toDateString() ? time.format(moment) : dateTime(moment);
}
