/** What a character can be in a message; the bits of a word's characters are or-ed while it is scanned. */
export const kind = {
  /** Between words: white space, brackets, quotes and the signs that join a name and its value. */
  delimiter: 0,
  letter: 1,
  digit: 2,
  slash: 4,
  /** Signs that can stand inside a word: `_ - . ~ + % * & ! ? $ ^` and the backquote. */
  sign: 8,
  /** A letter that is no hexadecimal digit. */
  beyondHex: 16,
} as const

const kinds = new Uint8Array(128)
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code)
  if (/[0-9]/.test(char)) kinds[code] = kind.digit
  else if (/[a-f]/i.test(char)) kinds[code] = kind.letter
  else if (/[g-z]/i.test(char)) kinds[code] = kind.letter | kind.beyondHex
  else if (char === '/' || char === '\\') kinds[code] = kind.slash
  else if ('_-.~+%*&!?$^`'.includes(char)) kinds[code] = kind.sign
}

/** Anything beyond ASCII counts as a letter: words in other scripts stay as they are. */
export function kindOf(code: number): number {
  return code < 128 ? (kinds[code] as number) : kind.letter | kind.beyondHex
}

const glues = new Uint8Array(128)
for (const char of ' \t,;:/-+#@|.~_*&') glues[char.charCodeAt(0)] = 1

/** Whether two values with only this text between them are one value: `10.0.0.1:80`, `07:12:00`, or a list of numbers. */
export function isGlue(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code >= 128 || glues[code] === 0) return false
  }
  return true
}
