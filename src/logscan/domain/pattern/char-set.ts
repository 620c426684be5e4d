/** Code points as sorted ranges that neither touch nor overlap, bounds included. */
export type CharSet = readonly (readonly [from: number, to: number])[]

const codePointMax = 0x10ffff

export const anyChar: CharSet = [[0, codePointMax]]

/** Sorts and joins. */
export function charSet(ranges: Iterable<readonly [number, number]>): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const joined: [number, number][] = []
  for (const [from, to] of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

export function union(...sets: readonly CharSet[]): CharSet {
  return charSet(sets.flat())
}

export function complement(set: CharSet): CharSet {
  const left: [number, number][] = []
  let next = 0
  for (const [from, to] of set) {
    if (from > next) left.push([next, from - 1])
    next = to + 1
  }
  if (next <= codePointMax) left.push([next, codePointMax])
  return left
}

/** With every character that differs by case alone, by Unicode's simple folding: `k` brings the Kelvin sign along. */
export function foldCase(set: CharSet): CharSet {
  const isAscii = set.every(([, to]) => to <= asciiMax)
  const orbits = isAscii ? asciiOrbits() : caseOrbits()
  const added: [number, number][] = []
  for (const [from, to] of set) {
    for (const [code, others] of orbits)
      if (code >= from && code <= to) for (const other of others) added.push([other, other])
  }
  return union(set, added)
}

const asciiMax = 0x7f
/** Beyond ASCII, only the Kelvin sign and the long s fold to letters of ASCII. */
const foldedToAscii: ReadonlyMap<string, number> = new Map([
  ['k', 0x212a],
  ['s', 0x17f],
])

/** As `caseOrbits`, for sets within ASCII, which most are: it takes no look at all of Unicode. */
function asciiOrbits(): ReadonlyMap<number, readonly number[]> {
  const orbits = new Map<number, readonly number[]>()
  for (let lower = 0x61; lower <= 0x7a; lower++) {
    const upper = lower - 0x20
    const beyond = foldedToAscii.get(String.fromCharCode(lower)) ?? []
    orbits.set(lower, [upper].concat(beyond))
    orbits.set(upper, [lower].concat(beyond))
  }
  return orbits
}

let orbitsMade: ReadonlyMap<number, readonly number[]> | null = null

/** Each character that has others to its case, with those others. Made at the first use: it looks at all of Unicode. */
function caseOrbits(): ReadonlyMap<number, readonly number[]> {
  if (orbitsMade !== null) return orbitsMade
  const byFolded = new Map<string, number[]>()
  for (let code = 0; code <= 0x1ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const char = String.fromCodePoint(code)
    const lower = char.toLowerCase()
    const upper = char.toUpperCase()
    if (lower === char && upper === char) continue
    const folded = [...upper].length === 1 ? upper.toLowerCase() : lower
    if ([...folded].length !== 1) continue
    const orbit = byFolded.get(folded)
    if (orbit === undefined) byFolded.set(folded, [code])
    else orbit.push(code)
  }
  const orbits = new Map<number, readonly number[]>()
  for (const orbit of byFolded.values())
    if (orbit.length > 1)
      for (const code of orbit)
        orbits.set(
          code,
          orbit.filter((other) => other !== code),
        )
  orbitsMade = orbits
  return orbits
}
