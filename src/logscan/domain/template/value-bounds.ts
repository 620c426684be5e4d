import { kind, kindOf } from './char-kinds.ts'

/** Where the value in a word with a digit begins: behind leading signs, but with the sign of a number. */
export function valueStart(text: string, from: number, to: number): number {
  let at = from
  while (at < to && kindOf(text.charCodeAt(at)) === kind.sign && !isSigned(text, at, to)) at++
  return at
}

function isSigned(text: string, at: number, to: number): boolean {
  const code = text.charCodeAt(at)
  return (code === 45 || code === 43 || code === 46) && at + 1 < to && kindOf(text.charCodeAt(at + 1)) === kind.digit
}

/** Where it ends: the punctuation that closes a sentence is not part of it. */
export function valueEnd(text: string, from: number, to: number): number {
  let at = to
  while (at > from + 1 && '.!?*-&^~`'.includes(text[at - 1] as string)) at--
  return at
}

/** Where the path in the word begins, or -1: it starts with a slash or as `./`, or holds a backslash or two slashes. */
export function pathStart(text: string, from: number, to: number): number {
  let at = from
  while (at < to && kindOf(text.charCodeAt(at)) === kind.sign && !'.~$%'.includes(text[at] as string)) at++
  let slashes = 0
  let letters = 0
  let rooted = false
  for (let i = at; i < to; i++) {
    const code = text.charCodeAt(i)
    if (code === 92) slashes += 2
    else if (code === 47) {
      slashes++
      if (letters === 0) rooted = true
    } else if (kindOf(code) !== kind.sign) letters++
  }
  return letters > 0 && (rooted || slashes > 1) ? at : -1
}

/** Where the path or URL ends: it goes on over `:80`, `,/next`, and, behind a question mark, over all but brackets and quotes. */
export function pathEnd(text: string, from: number, wordTo: number, end: number): number {
  let at = wordTo
  let query = text.slice(from, wordTo).includes('?')
  while (at < end) {
    const code = text.charCodeAt(at)
    if (kindOf(code) !== kind.delimiter) {
      if (code === 63) query = true
    } else if (!(query ? ':,=#@|;'.includes(text[at] as string) : joinsPath(text, at, end))) break
    at++
  }
  return valueEnd(text, from, trimEnd(text, from, at))
}

function joinsPath(text: string, at: number, end: number): boolean {
  if (at + 1 >= end || !':,=#@'.includes(text[at] as string)) return false
  return (kindOf(text.charCodeAt(at + 1)) & (kind.digit | kind.slash)) !== 0
}

function trimEnd(text: string, from: number, to: number): number {
  let at = to
  while (at > from + 1 && ':,;='.includes(text[at - 1] as string)) at--
  return at
}

/** Whether the word before a colon and a number is a host: `www.example.org:443`, `example.org:80`. */
export function isHost(text: string, from: number, to: number): boolean {
  let dots = 0
  let capitals = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code === 46) dots++
    else if (code >= 65 && code <= 90) capitals++
  }
  return dots > 1 || (dots === 1 && capitals === 0 && text.charCodeAt(to - 1) !== 46)
}

/** Whether brackets open at `at`, behind a space or a sign, and close at once; `name()` is a call and not meant. */
export function isEmpty(text: string, at: number, end: number): boolean {
  const place = '([{'.indexOf(text[at] as string)
  if (place < 0 || at + 1 >= end || text[at + 1] !== ')]}'[place]) return false
  return at > 0 && kindOf(text.charCodeAt(at - 1)) === kind.delimiter
}

const keyMaxChars = 64

/** Whether the equals sign behind a word assigns nothing: the line ends, or a comma or the next `key=` follows. */
export function isUnassigned(text: string, at: number, end: number): boolean {
  if (at === 0 || kindOf(text.charCodeAt(at - 1)) === kind.delimiter) return false
  let to = at + 1
  while (to < end && text.charCodeAt(to) === 32) to++
  if (to === end) return true
  if (to === at + 1) return text[to] === ',' || text[to] === ';'
  const key = to
  while (to < end && to - key < keyMaxChars && kindOf(text.charCodeAt(to)) !== kind.delimiter) to++
  return to > key && text[to] === '='
}

const quotedMaxChars = 128

/** Where the closing mark of a quoted value stands, or -1: one word, or whatever is assigned (`tag="View Lock"`); no JSON key. */
export function quotedEnd(text: string, mark: number, at: number, end: number): number {
  const before = at > 0 ? text.charCodeAt(at - 1) : 32
  if (kindOf(before) !== kind.delimiter) return -1
  const limit = Math.min(end, at + quotedMaxChars)
  for (let to = at + 1; to < limit; to++) {
    const code = text.charCodeAt(to)
    if (code === mark) {
      const next = to + 1 < end ? text.charCodeAt(to + 1) : 32
      return (kindOf(next) & kind.letter) === 0 && next !== 58 ? to : -1
    }
    if (code === 32 && before !== 61) return -1
  }
  return -1
}
