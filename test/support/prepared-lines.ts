import { words } from './log-lines.ts'

/** A line with its end, whose slots are written anew each time, and the numbers of the patterns that match it. */
export interface PreparedLine {
  readonly bytes: Buffer
  readonly slots: readonly Slot[]
  readonly matched: readonly number[]
}

interface Slot {
  readonly kind: SlotKind
  readonly at: number
  readonly width: number
}

type SlotKind = 'digits' | 'hex' | 'stamp' | 'nginx'

export interface Random {
  /** 0 to limit - 1. */
  below(limit: number): number
  /** 0 to below 1. */
  share(): number
  oneOf<T>(choices: readonly T[]): T
}

/** The same seed gives the same numbers (xorshift32). */
export function createRandom(seed: number): Random {
  // The state must not be zero, and small seeds alone would begin alike.
  let state = Math.imul(seed, 0x9e3779b1) | 1
  const share = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
  const below = (limit: number) => Math.floor(share() * limit)
  return { share, below, oneOf: (choices) => choices[below(choices.length)]! }
}

/** A log's own clock, as the bytes of its stamps. Only the milliseconds are written at every step. */
export interface Watch {
  readonly stamp: Buffer
  readonly nginx: Buffer
  advance(ms: number): void
}

export function createWatch(): Watch {
  let secondMs = Date.UTC(2026, 2, 1, 10)
  let ms = 0
  const stamp = Buffer.from(new Date(secondMs).toISOString())
  const nginx = Buffer.from(nginxTime(secondMs))
  return {
    stamp,
    nginx,
    advance(byMs) {
      ms += byMs
      if (ms >= 1000) {
        secondMs += 1000
        ms -= 1000
        stamp.write(new Date(secondMs).toISOString())
        nginx.write(nginxTime(secondMs))
      }
      stamp[20] = 48 + Math.floor(ms / 100)
      stamp[21] = 48 + (Math.floor(ms / 10) % 10)
      stamp[22] = 48 + (ms % 10)
    },
  }
}

function nginxTime(ms: number): string {
  const [, day, month, year, time] = new Date(ms).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}

interface Preparation {
  /** How many lines are made of each template; they differ in their words. */
  readonly times: number
  readonly random: Random
  readonly patterns: readonly string[]
  readonly lineMaxBytes: number
}

export function prepareLines(templates: readonly string[], preparation: Preparation): PreparedLine[] {
  const regExps = preparation.patterns.map((pattern) => new RegExp(pattern))
  return templates.flatMap((template) =>
    Array.from({ length: preparation.times }, () => prepareLine(template, regExps, preparation)),
  )
}

function prepareLine(template: string, regExps: readonly RegExp[], { random, lineMaxBytes }: Preparation) {
  const slots: Slot[] = []
  let text = ''
  const parts = template.split(/\{(?=[a-z]+\d*\})([a-z]+)(\d*)\}/)
  for (let index = 0; index < parts.length; index += 3) {
    const [before = '', name, width = ''] = parts.slice(index, index + 3)
    text += before
    if (name === undefined) continue
    const kind = kindOf(name)
    const filled = kind === null ? random.oneOf(wordsOf(name)) : blankOf(kind, Number(width))
    if (kind !== null) slots.push({ kind, at: text.length, width: filled.length })
    text += filled
  }
  if (text.length > lineMaxBytes) throw new Error(`a line of ${text.length} bytes: ${text}`)
  // What is in a slot decides no match: a test compares these counts with those of the written lines.
  const matched = regExps.flatMap((regExp, pattern) => (regExp.test(text) ? [pattern] : []))
  return { bytes: Buffer.from(`${text}\n`), slots, matched }
}

const blankWatch = createWatch()

function kindOf(name: string): SlotKind | null {
  if (name === 'stamp' || name === 'nginx') return name
  return name === 'd' ? 'digits' : name === 'h' ? 'hex' : null
}

function wordsOf(name: string): readonly string[] {
  const choices = words[name]
  if (choices === undefined) throw new Error(`no words for {${name}}`)
  return choices
}

function blankOf(kind: SlotKind, width: number): string {
  return kind === 'digits' || kind === 'hex' ? '1'.repeat(width) : blankWatch[kind].toString()
}

const hexDigits = Buffer.from('0123456789abcdef')

export function writeLine(line: PreparedLine, target: Buffer, start: number, random: Random, watch: Watch): void {
  target.set(line.bytes, start)
  for (const { kind, at, width } of line.slots) {
    const from = start + at
    if (kind === 'stamp' || kind === 'nginx') target.set(watch[kind], from)
    else if (kind === 'hex') writeHex(target, from, width, random)
    else writeDigits(target, from, width, random)
  }
}

/** One random number serves eight places: drawing one for each would be most of the time. */
function writeHex(target: Buffer, from: number, width: number, random: Random): void {
  for (let place = 0, bits = 0; place < width; place++, bits >>>= 4) {
    if (place % 8 === 0) bits = random.below(0x1_0000_0000)
    target[from + place] = hexDigits[bits & 15]!
  }
}

function writeDigits(target: Buffer, from: number, width: number, random: Random): void {
  for (let place = 0, value = 0; place < width; place++) {
    if (place % 8 === 0) value = random.below(100_000_000)
    const rest = Math.floor(value / 10)
    target[from + place] = 48 + value - rest * 10
    value = rest
  }
  if (target[from] === 48) target[from] = 49
}
