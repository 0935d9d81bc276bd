/** A session with a formatter of its own: most of it is ICU's native memory, of which V8's heap knows nothing. */
export const create = (index) => ({
  index,
  format: new Intl.DateTimeFormat("de-DE", { dateStyle: "full", timeStyle: "long" }),
});
