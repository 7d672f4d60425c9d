/** An id that nobody else makes: 12 letters and digits after a word that says what it is for. */
export function newID(word) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${word}-${[...bytes].map((byte) => "0123456789abcdefghijklmnopqrstuv"[byte & 31]).join("")}`;
}
