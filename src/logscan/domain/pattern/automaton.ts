import type { Program, Step } from './program.ts'

/**
 * A deterministic automaton over the bytes of one line, for many patterns at once. A line is read from `start`; after its
 * last byte comes the symbol `endOfLine`. Which patterns matched is what all states on the way accept together.
 */
export interface Automaton {
  /** Bytes that no pattern tells apart are one symbol. */
  readonly symbolOf: Uint8Array
  /** Number of symbols, the end of the line included, which is the last. */
  readonly symbols: number
  readonly start: number
  /** `next[state * symbols + symbol]`. */
  readonly next: Uint32Array
  /** Sets of patterns that a state accepts: `acceptWords` words of 32 bits each. */
  readonly accepts: Uint32Array
  readonly acceptWords: number
  readonly states: number
}

/** Null where there would be more states than that. */
export function buildAutomaton({ steps, starts }: Program, statesMax: number): Automaton | null {
  const symbolOf = symbolsOf(steps)
  const byteSymbols = Math.max(...symbolOf) + 1
  const symbols = byteSymbols + 1
  const endOfLine = byteSymbols
  const sample = sampleBytes(symbolOf, byteSymbols)
  const acceptWords = Math.max(1, Math.ceil(starts.length / 32))
  const known = new Map<string, number>()
  const sets: StateSet[] = []
  const accepts: number[] = []
  const next: number[] = []
  const seen = new Int32Array(steps.length).fill(-1)
  let round = 0

  function stateOf(threads: Int32Array, context: number, accepted: readonly number[]): number {
    const key = `${context}:${accepted.join()}:${threads.join()}`
    const before = known.get(key)
    if (before !== undefined) return before
    const state = sets.length
    known.set(key, state)
    sets.push({ threads, context })
    accepts.push(...accepted)
    return state
  }

  /** Follows everything that reads no byte; `isNextWord` and `atEnd` say what comes after this place. */
  function close(
    threads: Int32Array,
    context: number,
    isNextWord: boolean,
    atEnd: boolean,
    accepted: number[],
  ): number[] {
    round++
    const reading: number[] = []
    const stack = [...threads, ...starts].reverse()
    const isWord = (context & afterWord) !== 0
    const holds = {
      lineStart: (context & atStart) !== 0,
      lineEnd: atEnd,
      wordBoundary: isWord !== isNextWord,
      noWordBoundary: isWord === isNextWord,
    }
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen[at] === round) continue
      seen[at] = round
      const step = steps[at] as Step
      if (step.kind === 'bytes') reading.push(at)
      else if (step.kind === 'fork') stack.push(...step.nexts)
      else if (step.kind === 'match') accept(accepted, step.pattern)
      else if (holds[step.assertion]) stack.push(step.next)
    }
    return reading
  }

  const none = Array<number>(acceptWords).fill(0)
  const start = stateOf(new Int32Array(), atStart, none)
  for (let state = 0; state < sets.length; state++) {
    if (sets.length > statesMax) return null
    const { threads, context } = sets[state] as StateSet
    for (let symbol = 0; symbol < symbols; symbol++) {
      const accepted = [...none]
      if (symbol === endOfLine) {
        close(threads, context, false, true, accepted)
        next.push(
          stateOf(
            new Int32Array(),
            atStart,
            accepted.map((word) => word >>> 0),
          ),
        )
        continue
      }
      const byte = sample[symbol] as number
      const isWord = isWordByte(byte)
      const reading = close(threads, context, isWord, false, accepted)
      const reached = new Set<number>()
      for (const at of reading) {
        const step = steps[at] as Extract<Step, { kind: 'bytes' }>
        if (byte >= step.from && byte <= step.to) reached.add(step.next)
      }
      const threadsAfter = Int32Array.from(reached).sort()
      next.push(
        stateOf(
          threadsAfter,
          isWord ? afterWord : 0,
          accepted.map((word) => word >>> 0),
        ),
      )
    }
  }
  return {
    ...{ symbolOf, symbols, start, acceptWords },
    next: Uint32Array.from(next),
    accepts: Uint32Array.from(accepts),
    states: sets.length,
  }
}

interface StateSet {
  readonly threads: Int32Array
  readonly context: number
}

function accept(words: number[], pattern: number): void {
  const word = pattern >> 5
  words[word] = (words[word] as number) | (1 << (pattern & 31))
}

const atStart = 1
const afterWord = 2

function isWordByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || byte === 95 || (byte >= 97 && byte <= 122)
}

/** Words apart from others only where a pattern asks for their bounds. */
function symbolsOf(steps: readonly Step[]): Uint8Array {
  const cuts = new Uint8Array(257)
  for (const step of steps)
    if (step.kind === 'bytes') {
      cuts[step.from] = 1
      cuts[step.to + 1] = 1
    }
  if (steps.some((step) => step.kind === 'assert' && step.assertion.toLowerCase().includes('word')))
    for (const cut of [48, 58, 65, 91, 95, 96, 97, 123]) cuts[cut] = 1
  const symbolOf = new Uint8Array(256)
  for (let byte = 1, symbol = 0; byte < 256; byte++) symbolOf[byte] = symbol += cuts[byte] as number
  return symbolOf
}

function sampleBytes(symbolOf: Uint8Array, count: number): readonly number[] {
  return Array.from({ length: count }, (_, symbol) => symbolOf.indexOf(symbol))
}

/** The patterns that match the line, as a set of bits. The straightforward way, for what does not have to be fast. */
export function matchLine(automaton: Automaton, line: Uint8Array): Uint32Array {
  const { symbolOf, symbols, next, accepts, acceptWords } = automaton
  const matched = new Uint32Array(acceptWords)
  let state = automaton.start
  const take = (symbol: number) => {
    state = next[state * symbols + symbol] as number
    for (let word = 0; word < acceptWords; word++)
      matched[word] = (matched[word] as number) | (accepts[state * acceptWords + word] as number)
  }
  for (const byte of line) take(symbolOf[byte] as number)
  take(symbols - 1)
  return matched
}
