import { anyChar, type CharSet, charSet, complement, foldCase, union } from './char-set.ts'
import { type NamedClass, perlClasses, posixClasses, unicodeClass } from './classes.ts'
import { type Pattern, PatternError } from './syntax.ts'

interface Flags {
  readonly ignoreCase: boolean
  /** `.` takes a newline too; a line has none, but a carriage return is a character like others. */
  readonly dotAll: boolean
}

const repeatMax = 1000
const depthMax = 200
const controlEscapes: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const empty: Pattern = { kind: 'empty' }

/**
 * Reads a pattern in RE2's syntax. What no linear engine can do (look-around, back-references) is refused, and so is what
 * RE2 refuses. Throws PatternError.
 */
export function parsePattern(source: string, { ignoreCase = false } = {}): Pattern {
  return new Parser(source).parse({ ignoreCase, dotAll: false })
}

class Parser {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  parse(flags: Flags): Pattern {
    const pattern = this.#choice(flags)
    if (this.#at < this.#source.length) throw this.#error('this ) closes no group', this.#at)
    return pattern
  }

  /** Alternatives up to a `)` or the end. Flags set in between, as in `a(?i)b|c`, hold to the end of the group. */
  #choice(outer: Flags): Pattern {
    if (++this.#depth > depthMax) throw this.#error(`groups are nested deeper than ${depthMax}`, this.#at)
    let flags = outer
    const options: Pattern[] = []
    let parts: Pattern[] = []
    while (this.#at < this.#source.length && this.#peek() !== ')') {
      if (this.#eat('|')) {
        options.push(sequence(parts))
        parts = []
        continue
      }
      if (this.#sees('(?')) {
        const set = this.#flags(flags)
        if (set.group) parts.push(this.#repeats(this.#group(set.flags, set.start)))
        else flags = set.flags
        continue
      }
      if (this.#sees('\\Q')) {
        const quoted = this.#quoted(flags)
        const last = quoted.pop()
        if (last !== undefined) parts.push(...quoted, this.#repeats(last))
        continue
      }
      parts.push(this.#repeats(this.#atom(flags)))
    }
    this.#depth--
    options.push(sequence(parts))
    return options.length === 1 ? (options[0] as Pattern) : { kind: 'choice', options }
  }

  #group(flags: Flags, start: number): Pattern {
    const inner = this.#choice(flags)
    if (!this.#eat(')')) throw this.#error('this group is not closed', start)
    return inner
  }

  /** What stands between `(?` and `:`, `)` or the name's end. */
  #flags(flags: Flags): { group: boolean; flags: Flags; start: number } {
    const start = this.#at
    const rest = this.#source.slice(start)
    if (/^\(\?(?:[=!]|<[=!])/.test(rest)) throw this.#error('look-around cannot be matched in linear time', start)
    if (/^\(\?(?:>|#|\(|R|\d|&|\|)/.test(rest)) throw this.#error('this kind of group is not known', start)
    const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest)
    if (named !== null) {
      this.#at += named[0].length
      return { group: true, flags, start }
    }
    if (/^\(\?P?<|^\(\?P/.test(rest)) throw this.#error('this name of a group cannot be read', start)
    const set = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest)
    if (set === null) throw this.#error('these flags are not known; i, m, s and U are', start)
    const [whole, on = '', off = '', end] = set
    this.#at += whole.length
    const value = (flag: string, before: boolean) => (on.includes(flag) || before) && !off.includes(flag)
    const changed = { ignoreCase: value('i', flags.ignoreCase), dotAll: value('s', flags.dotAll) }
    return { group: end === ':', flags: changed, start }
  }

  #quoted(flags: Flags): Pattern[] {
    const end = this.#source.indexOf('\\E', this.#at)
    const text = this.#source.slice(this.#at + 2, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#source.length : end + 2
    return [...text].map((char) => literal(char.codePointAt(0) as number, flags))
  }

  #atom(flags: Flags): Pattern {
    const start = this.#at
    if (this.#eat('(')) return this.#group(flags, start)
    if (this.#eat('[')) return this.#class(flags, start)
    if (this.#eat('.')) return { kind: 'chars', set: flags.dotAll ? anyChar : noNewline }
    if (this.#eat('^')) return { kind: 'assert', assertion: 'lineStart' }
    if (this.#eat('$')) return { kind: 'assert', assertion: 'lineEnd' }
    if (this.#eat('\\')) return this.#escape(flags, start)
    if (/^[*+?]/.test(this.#peek())) throw this.#error(`there is nothing before ${this.#peek()} to repeat`, start)
    return literal(this.#next(), flags)
  }

  #repeats(atom: Pattern): Pattern {
    const start = this.#at
    const bounds = this.#bounds()
    if (bounds === null) return atom
    if (/^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.#source.slice(this.#at)))
      throw this.#error('a repetition is repeated', start)
    const { min, max } = bounds
    if (max !== null && max < min) throw this.#error('the repetition ends below where it begins', start)
    if (min > repeatMax || (max ?? 0) > repeatMax)
      throw this.#error(`nothing is repeated more than ${repeatMax} times`, start)
    return { kind: 'repeat', part: atom, min, max }
  }

  #bounds(): { min: number; max: number | null } | null {
    const counted = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.#source.slice(this.#at))
    if (counted === null) return null
    this.#at += counted[0].length
    const [, sign, from, comma, to] = counted
    if (sign === '*') return { min: 0, max: null }
    if (sign === '+') return { min: 1, max: null }
    if (sign === '?') return { min: 0, max: 1 }
    const min = Number(from)
    if (comma === undefined) return { min, max: min }
    return { min, max: to === '' || to === undefined ? null : Number(to) }
  }

  #escape(flags: Flags, start: number): Pattern {
    if (this.#at >= this.#source.length) throw this.#error('a backslash at the end', start)
    const char = this.#peek()
    if (char === 'b' || char === 'B') {
      this.#at++
      return { kind: 'assert', assertion: char === 'b' ? 'wordBoundary' : 'noWordBoundary' }
    }
    if (char === 'A' || char === 'z') {
      this.#at++
      return { kind: 'assert', assertion: char === 'A' ? 'lineStart' : 'lineEnd' }
    }
    // Two octal digits are a character, one digit points back.
    if (/^(?:[1-9](?![0-7])|[89]|k)/.test(this.#source.slice(this.#at)))
      throw this.#error('back-references cannot be matched in linear time', start)
    const set = this.#escapedClass(flags)
    if (set !== null) return { kind: 'chars', set }
    return literal(this.#escapedChar(start), flags)
  }

  /** `\d`, `\pL`, `\P{Greek}`, `\p{^L}`; null where something else is escaped. Stands after the backslash. */
  #escapedClass(flags: Flags): CharSet | null {
    const start = this.#at - 1
    const perl = perlClasses[this.#peek()]
    if (perl !== undefined) {
      this.#at++
      return classOf(perl, flags)
    }
    const named = /^([pP])(?:\{(\^?)([^{}]*)\}|(.))/u.exec(this.#source.slice(this.#at))
    if (named === null) {
      if (/^[pP]/.test(this.#peek())) throw this.#error('the name of a class is missing', start)
      return null
    }
    const [whole, letter, inverse, long, short] = named
    const set = unicodeClass(long ?? short ?? '')
    if (set === null) throw this.#error(`there is no class of characters called ${long ?? short}`, start)
    this.#at += whole.length
    return classOf({ set, isInverse: (letter === 'P') !== (inverse === '^') }, flags)
  }

  #escapedChar(start: number): number {
    const rest = this.#source.slice(this.#at)
    const hex = /^x(?:\{([\da-fA-F]{1,6})\}|([\da-fA-F]{2}))/.exec(rest)
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)
    const numeric = hex ?? octal
    if (numeric !== null) {
      this.#at += numeric[0].length
      const code = hex === null ? Number.parseInt(numeric[0], 8) : Number.parseInt(hex[1] ?? hex[2] ?? '', 16)
      if (code > 0x10ffff) throw this.#error('there is no such character', start)
      return code
    }
    const control = controlEscapes[this.#peek()]
    if (control !== undefined) {
      this.#at++
      return control
    }
    if (/^[\w]/.test(this.#peek())) throw this.#error(`\\${this.#peek()} is not known`, start)
    return this.#next()
  }

  #class(flags: Flags, start: number): Pattern {
    const inverse = this.#eat('^')
    const sets: CharSet[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#source.length) throw this.#error('this [ is not closed', start)
      sets.push(this.#classPart(flags))
    }
    this.#at++
    const set = union(...sets)
    // A class that excludes something never meets the newline: it is between lines.
    return { kind: 'chars', set: inverse ? complement(set) : set }
  }

  #classPart(flags: Flags): CharSet {
    const start = this.#at
    const posix = /^\[:(\^?)(\w*):\]/.exec(this.#source.slice(this.#at))
    if (posix !== null) {
      const set = posixClasses[posix[2] ?? '']
      if (set === undefined) throw this.#error(`there is no class of characters called ${posix[2]}`, start)
      this.#at += posix[0].length
      return classOf({ set, isInverse: posix[1] === '^' }, flags)
    }
    if (this.#sees('\\')) {
      this.#at++
      const set = this.#escapedClass(flags)
      if (set !== null) return set
      this.#at--
    }
    const from = this.#classChar()
    if (!this.#sees('-') || this.#source[this.#at + 1] === ']' || this.#at + 1 >= this.#source.length)
      return folded([[from, from]], flags)
    this.#at++
    const to = this.#classChar()
    if (to < from) throw this.#error('a range ends below where it begins', start)
    return folded([[from, to]], flags)
  }

  #classChar(): number {
    const start = this.#at
    return this.#eat('\\') ? this.#escapedChar(start) : this.#next()
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at)
  }

  #eat(text: string): boolean {
    const seen = this.#sees(text)
    if (seen) this.#at += text.length
    return seen
  }

  #next(): number {
    const code = this.#source.codePointAt(this.#at) as number
    this.#at += code > 0xffff ? 2 : 1
    return code
  }

  #error(reason: string, position: number): PatternError {
    return new PatternError(reason, position)
  }
}

function folded(set: CharSet, { ignoreCase }: Flags): CharSet {
  return ignoreCase ? foldCase(set) : set
}

/** Case is folded before a class is inverted: what it excludes, it excludes in either case. */
function classOf({ set, isInverse }: NamedClass, flags: Flags): CharSet {
  return isInverse ? complement(folded(set, flags)) : folded(set, flags)
}

const noNewline = complement(charSet([[10, 10]]))

function literal(code: number, { ignoreCase }: Flags): Pattern {
  const set: CharSet = [[code, code]]
  return { kind: 'chars', set: ignoreCase ? foldCase(set) : set }
}

function sequence(parts: readonly Pattern[]): Pattern {
  if (parts.length === 0) return empty
  return parts.length === 1 ? (parts[0] as Pattern) : { kind: 'sequence', parts }
}
