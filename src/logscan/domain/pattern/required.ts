import { type ByteSet, byteSet, newByteSet } from './byte-set.ts'
import type { CharSet } from './char-set.ts'
import type { Pattern } from './syntax.ts'
import { utf8Ranges } from './utf8.ts'

/** Bytes that stand one after the other, each of a set. A line's start and end are the newlines around it. */
export type Sequence = readonly ByteSet[]

/** What a line needs to match: one of the sequences at least. */
export type Requirement = readonly Sequence[]

/** Of a part of a pattern: what is known of what it matches. */
interface Found {
  /** All that it can match, if that is little. */
  readonly exact: Requirement | null
  /** How what it matches ends: one of these, of which an empty one says nothing. The same as `exact` where that is known. */
  readonly tail: Requirement
  /** What else must be there if it matches. */
  readonly required: readonly Requirement[]
}

const sequencesMax = 64
const lengthMax = 32
const alternativesMax = 8
const waysMax = 64
const asciiMax = 0x7f
const newline = 10
const carriageReturn = 13

/** Compared by identity: an edge asked for twice is still one newline. */
export const lineStart: ByteSet = newByteSet([[newline, newline]])
const lineEnd: ByteSet = newByteSet([
  [newline, newline],
  [carriageReturn, carriageReturn],
])
const nothing: Found = exactly([[]])
const anything: Found = { exact: null, tail: [[]], required: [] }

/** All that is known of what must stand in a line that the pattern matches. Empty where nothing must. */
export function requirementsOf(pattern: Pattern): readonly Requirement[] {
  return waysOf(look(pattern)).filter((requirement) => requirement.every(({ length }) => length > 0))
}

function exactly(exact: Requirement): Found {
  return { exact, tail: exact, required: [] }
}

function waysOf({ required, tail }: Found): readonly Requirement[] {
  return [...required, tail]
}

function look(pattern: Pattern): Found {
  switch (pattern.kind) {
    case 'empty':
      return nothing
    case 'chars':
      return lookAtChars(pattern.set)
    case 'assert':
      if (pattern.assertion === 'lineStart') return exactly([[lineStart]])
      if (pattern.assertion === 'lineEnd') return exactly([[lineEnd]])
      return nothing
    case 'sequence':
      return pattern.parts.map(look).reduce(follow, nothing)
    case 'choice':
      return pattern.options.map(look).reduce(either)
    case 'repeat':
      return lookAtRepeat(pattern)
  }
}

function lookAtChars(set: CharSet): Found {
  if (set.every(([, to]) => to <= asciiMax)) return exactly(set.length === 0 ? [] : [[byteSet(set)]])
  const encodings = utf8Ranges(set)
  const single = encodings.flatMap((ranges) => (ranges.length === 1 ? ranges : []))
  const longer = encodings.filter((ranges) => ranges.length > 1)
  if (longer.length > alternativesMax) return anything
  const sequences = longer.map((ranges): Sequence => ranges.map((range) => byteSet([range])))
  return exactly(single.length === 0 ? sequences : [[byteSet(single)], ...sequences])
}

function lookAtRepeat({ part, min, max }: Extract<Pattern, { kind: 'repeat' }>): Found {
  if (max === 0) return nothing
  const once = look(part)
  if (min === 0) return max === 1 ? optional(once) : anything
  let found = once
  for (let count = 1; count < min && count < lengthMax; count++) found = follow(found, once)
  if (max === min && min <= lengthMax) return found
  return { exact: null, tail: once.tail, required: waysOf(found) }
}

function optional({ exact }: Found): Found {
  return exact === null || exact.length >= sequencesMax ? anything : exactly([[], ...exact])
}

function follow(before: Found, after: Found): Found {
  const required = [...before.required, ...after.required]
  if (after.exact === null) return { exact: null, tail: after.tail, required: [...required, before.tail] }
  const joined = joinAll(before.tail, after.exact)
  if (joined === null) return { exact: null, tail: after.exact, required: [...required, before.tail] }
  return { exact: before.exact === null ? null : joined, tail: joined, required }
}

function joinAll(before: Requirement, after: Requirement): Requirement | null {
  if (before.length * after.length > sequencesMax) return null
  const joined = before.flatMap((start) => after.map((end) => join(start, end)))
  return joined.some(({ length }) => length > lengthMax) ? null : joined
}

/** Nothing follows a line's end, and nothing precedes its start: what would, is left out, which asks for less. */
function join(before: Sequence, after: Sequence): Sequence {
  if (before.at(-1) === lineEnd) return before
  return before.length > 0 && after[0] === lineStart ? join(before, after.slice(1)) : [...before, ...after]
}

function either(one: Found, other: Found): Found {
  const tail = bothOf(one.tail, other.tail)
  if (one.exact !== null && other.exact !== null && tail !== null) return exactly(tail)
  const required = waysOf(one).flatMap((first) =>
    waysOf(other).flatMap((second) => {
      const both = bothOf(first, second)
      return both === null ? [] : [both]
    }),
  )
  return { exact: null, tail: tail ?? [[]], required: required.slice(0, waysMax) }
}

function bothOf(one: Requirement, other: Requirement): Requirement | null {
  return one.length + other.length > sequencesMax ? null : [...one, ...other]
}
