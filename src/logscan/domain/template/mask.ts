import { isGlue, kind, kindOf } from './char-kinds.ts'
import { isEmpty, isHost, isUnassigned, pathEnd, pathStart, quotedEnd, valueEnd, valueStart } from './value-bounds.ts'
import { colonHexEnd, isDateWord, unitEnd } from './value-words.ts'

/** Only this much of a message is looked at; what lies behind is dropped. */
const lookedAtMaxChars = 8 * 1024

const hexWordMinChars = 8
const hashMinChars = 5
const dateGapMaxChars = 4

/**
 * The message with `<*>` for whatever varies from one message to the next: numbers with their units, ids, addresses,
 * paths, e-mails, dates and quoted words. One pass, linear in the length; never throws.
 */
export function maskMessage(message: string): string {
  return new Masking(message, Math.min(message.length, lookedAtMaxChars)).run()
}

/** The state of one pass: `text` before `done` is either in `out` or was replaced there. */
class Masking {
  private readonly text: string
  private readonly end: number
  private out = ''
  private done = 0
  private any = false
  private measured = false
  private wordFrom = 0
  private wordTo = 0

  constructor(text: string, end: number) {
    this.text = text
    this.end = end
  }

  run(): string {
    const { text, end } = this
    let at = 0
    while (at < end) {
      const code = text.charCodeAt(at)
      let kinds = kindOf(code)
      if (kinds === kind.delimiter) {
        at = this.delimiter(code, at)
        continue
      }
      let to = at + 1
      for (; to < end; to++) {
        const next = text.charCodeAt(to)
        const nextKind = kindOf(next)
        // Two dots end a word: `speed..........0` is a name and a value.
        if (nextKind === kind.delimiter || (next === 46 && text.charCodeAt(to - 1) === 46)) break
        kinds |= nextKind
      }
      const after = this.word(at, to, kinds)
      this.wordFrom = at
      this.wordTo = to
      at = after
    }
    return this.done < end || !this.any ? this.out + text.slice(this.done, end) : this.out
  }

  /** Looks at the word and tells where to go on. */
  private word(from: number, to: number, kinds: number): number {
    const { text, end } = this
    const colon = to < end && text.charCodeAt(to) === 58
    if (to - from <= 4 && colon && (kinds & ~(kind.letter | kind.digit)) === 0) {
      const address = colonHexEnd(text, from, end)
      if (address >= 0) return this.value(from, address, false)
    }
    if ((kinds & kind.slash) !== 0) return this.slashed(from, to, kinds)
    if ((kinds & kind.digit) !== 0) return this.numbered(from, to)
    if (from > 0 && text.charCodeAt(from - 1) === 64 && this.named(from, to, kinds)) return to
    if (to - from >= hexWordMinChars && kinds === kind.letter) return this.value(from, to, false)
    if (to - from <= 4 && (kinds & kind.sign) === 0 && isDateWord(text, from, to, this.joins(from), end))
      return this.value(from, to, false)
    return to
  }

  /** A path or URL; with a single slash inside, as in `read/write`, it is one only where it holds a digit. */
  private slashed(from: number, to: number, kinds: number): number {
    const start = pathStart(this.text, from, to)
    if (start < 0) return (kinds & kind.digit) !== 0 ? this.numbered(from, to) : to
    const scheme = start === from && this.follows(58, from) ? this.wordFrom : start
    return this.value(Math.max(this.done, scheme), pathEnd(this.text, start, to, this.end), false)
  }

  private numbered(from: number, to: number): number {
    const { text, end } = this
    if (this.follows(64, from) && isDotted(text, from, to))
      return this.value(Math.max(this.done, this.wordFrom), to, false)
    // `proxy.example.org:8080`
    if (this.follows(58, from) && isHost(text, this.wordFrom, this.wordTo))
      return this.value(Math.max(this.done, this.wordFrom), valueEnd(text, from, to), false)
    const start = valueStart(text, from, to)
    const stop = valueEnd(text, start, to)
    const unit = stop === to ? unitEnd(text, stop, end) : stop
    const measured = unit > stop || isMeasure(text, start, stop)
    const less = start > 0 && text.charCodeAt(start - 1) === 60 && unit > stop
    this.value(less ? Math.max(this.done, start - 1) : start, unit, measured)
    return Math.max(unit, to, this.done)
  }

  /** After an at sign: the host of an e-mail address, or an object's hash. */
  private named(from: number, to: number, kinds: number): boolean {
    if (this.follows(64, from) && isDotted(this.text, from, to))
      this.value(Math.max(this.done, this.wordFrom), valueEnd(this.text, from, to), false)
    else if (to - from >= hashMinChars && kinds === kind.letter) this.value(from, to, false)
    else return false
    return true
  }

  /** Quotes, and brackets or an assignment with nothing in them: the value that is absent here is a value elsewhere. */
  private delimiter(code: number, at: number): number {
    const { text, end } = this
    if (code === 34 || code === 39) {
      const close = quotedEnd(text, code, at, end)
      if (close < 0) return at + 1
      this.value(at + 1, close, false)
      return close + 1
    }
    if (code === 58 && text.charCodeAt(at + 1) === 58) {
      const address = at > 0 && kindOf(text.charCodeAt(at - 1)) !== kind.delimiter ? -1 : colonHexEnd(text, at, end)
      return address < 0 ? at + 2 : this.value(at, address, false)
    }
    if (code === 61 ? isUnassigned(text, at, end) : code > 39 && isEmpty(text, at, end))
      this.value(at + 1, at + 1, false)
    return at + 1
  }

  /** Replaces the text from `from` to `to`, together with what stands between it and the value before, if it continues that. */
  private value(from: number, to: number, measured: boolean): number {
    const { text, done } = this
    if (this.any && isGlue(text, done, from)) this.done = to
    else if (
      this.any &&
      this.measured &&
      measured &&
      from - done === 2 &&
      text.startsWith(' (', done) &&
      text[to] === ')'
    ) {
      // `1293 bytes (1.26 KB)` says one quantity twice.
      this.done = to + 1
    } else {
      this.out = `${this.out}${text.slice(done, from)}<*>`
      this.done = to
    }
    this.any = true
    this.measured = measured
    return this.done
  }

  private joins(from: number): boolean {
    return this.any && from - this.done <= dateGapMaxChars && isGlue(this.text, this.done, from)
  }

  /** Whether only the sign `code` stands between the word before and `from`. */
  private follows(code: number, from: number): boolean {
    return this.wordTo === from - 1 && this.wordTo > this.wordFrom && this.text.charCodeAt(from - 1) === code
  }
}

function isDotted(text: string, from: number, to: number): boolean {
  for (let at = from + 1; at < to - 1; at++) if (text.charCodeAt(at) === 46) return true
  return false
}

/** A number with its unit attached, such as `3.5GB`. */
function isMeasure(text: string, from: number, to: number): boolean {
  return kindOf(text.charCodeAt(from)) === kind.digit && (kindOf(text.charCodeAt(to - 1)) & kind.letter) !== 0
}
