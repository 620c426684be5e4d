import type { Program, Step } from './program.ts'

/** A state of the automaton: where in the program it is, what precedes, and what was matched by coming here. */
interface State {
  readonly threads: readonly number[]
  readonly context: number
  readonly accepted: readonly number[]
  /** What is matched if the line ends here, where that is not told by `threads`: a carriage return belongs to the line's end. */
  readonly ended: readonly number[] | null
  before?: Closure
  beforeWord?: Closure
}

interface Closure {
  readonly reading: readonly number[]
  readonly accepted: readonly number[]
}

const atStart = 1
const afterWord = 2
const carriageReturn = 13
/** Of a state without threads. */
const stateSize = 40
/** Threads remembered of what begins at a place. */
const begunMax = 500_000

/**
 * The states of the deterministic automaton of a program, made as they are asked for. A line is read from state 0; after
 * its last byte comes the symbol `endOfLine`. A match is accepted one symbol late: by then it is known what follows it.
 */
export class States {
  /** Bytes that no pattern tells apart are one symbol. */
  readonly symbolOf: Uint8Array
  /** Number of symbols, the end of the line included, which is the last. */
  readonly symbols: number
  /** 32-bit words in a set of patterns. */
  readonly acceptWords: number
  readonly #steps: readonly Step[]
  readonly #starts: readonly number[]
  readonly #isWordSymbol: readonly boolean[]
  readonly #seesWords: boolean
  readonly #known = new Map<string, number>()
  readonly #states: State[] = []
  readonly #seen: Int32Array
  /** What begins at a place, by what is around it, and the threads after each symbol there. */
  readonly #begins: (Closure | undefined)[] = []
  readonly #begun: (readonly number[] | undefined)[] = []
  #begunSize = 0
  #round = 0
  #size = 0
  #sizeMax = 0

  constructor({ steps, starts }: Program) {
    this.#steps = steps
    this.#starts = starts
    this.#seesWords = steps.some((step) => step.kind === 'assert' && /word/i.test(step.assertion))
    this.symbolOf = symbolsOf(steps, this.#seesWords)
    this.symbols = (this.symbolOf[255] as number) + 2
    this.#isWordSymbol = Array.from({ length: this.symbols - 1 }, (_, symbol) =>
      isWordByte(this.symbolOf.indexOf(symbol)),
    )
    this.acceptWords = Math.max(1, Math.ceil(starts.length / 32))
    this.#seen = new Int32Array(steps.length)
    this.#numberOf({ threads: [], context: atStart, accepted: this.#none(), ended: null })
  }

  get count(): number {
    return this.#states.length
  }

  /** About what the states hold, in numbers, and the most that one of them holds. */
  get size(): { readonly all: number; readonly largest: number } {
    return { all: this.#size, largest: this.#sizeMax }
  }

  /** The patterns matched by coming to the state, as words of bits. */
  acceptedBy(state: number): readonly number[] {
    return (this.#states[state] as State).accepted
  }

  /** The state after a symbol; the last symbol is the end of the line. */
  next(number: number, symbol: number): number {
    const state = this.#states[number] as State
    if (symbol === this.symbols - 1)
      return this.#numberOf({
        threads: [],
        context: atStart,
        accepted: state.ended ?? this.#endedBy(state),
        ended: null,
      })
    const isWord = this.#seesWords && (this.#isWordSymbol[symbol] as boolean)
    const { reading, accepted } = this.#closed(state, isWord)
    const threads = union(this.#threadsAfter(reading, symbol), this.#begunBy(state.context, isWord, symbol))
    const after = { threads, context: isWord ? afterWord : 0, accepted, ended: null }
    return this.#numberOf(symbol === this.symbolOf[carriageReturn] ? this.#afterReturn(after, state) : after)
  }

  /** Forgets all states but the first and the given one, and says what number that one has now. */
  forgetAllBut(number: number): number {
    const kept = this.#states[number] as State
    const first = this.#states[0] as State
    this.#states.length = 0
    this.#known.clear()
    this.#size = 0
    this.#numberOf(first)
    return this.#numberOf(kept)
  }

  /** What the return ends, if it does, is the line before it; a return before that one belongs to the line. */
  #afterReturn(after: State, before: State): State {
    const ended = this.#endedBy(before)
    const differs = this.#endedBy(after).some((word, index) => word !== ended[index])
    return differs ? { ...after, ended } : after
  }

  /** What follows without reading a byte, remembered for each state; of what begins there only what is accepted. */
  #closed(state: State, isNextWord: boolean): Closure {
    const known = isNextWord ? state.beforeWord : state.before
    if (known !== undefined) return known
    const begins = this.#beginsAt(state.context, isNextWord, false)
    const closure = this.#close(state.threads, state.context, isNextWord, false, begins.accepted)
    if (isNextWord) state.beforeWord = closure
    else state.before = closure
    return closure
  }

  /** A match may begin anywhere, so that much of what follows is the same for all states. */
  #beginsAt(context: number, isNextWord: boolean, atEnd: boolean): Closure {
    const place = context * 4 + (isNextWord ? 2 : 0) + (atEnd ? 1 : 0)
    this.#begins[place] ??= this.#close(this.#starts, context, isNextWord, atEnd, this.#none())
    return this.#begins[place] as Closure
  }

  #begunBy(context: number, isNextWord: boolean, symbol: number): readonly number[] {
    const place = (context * 2 + (isNextWord ? 1 : 0)) * this.symbols + symbol
    const known = this.#begun[place]
    if (known !== undefined) return known
    const begun = this.#threadsAfter(this.#beginsAt(context, isNextWord, false).reading, symbol)
    if (this.#begunSize + begun.length <= begunMax) {
      this.#begunSize += begun.length
      this.#begun[place] = begun
    }
    return begun
  }

  /** What is matched if the line ends right here, a carriage return before it being part of the line. */
  #endedBy(state: State): readonly number[] {
    const begins = this.#beginsAt(state.context, false, true)
    return this.#close(state.threads, state.context, false, true, begins.accepted).accepted
  }

  #none(): number[] {
    return Array<number>(this.acceptWords).fill(0)
  }

  #numberOf(state: State): number {
    const { context, accepted, threads, ended } = state
    const key = `${context}:${accepted.join()}:${ended === null ? '' : ended.join()}:${threads.join()}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.#known.set(key, this.#states.length)
    // Its threads, as a key and in what follows from them, twice where words are seen.
    const size = stateSize + 4 * threads.length
    this.#size += size
    this.#sizeMax = Math.max(this.#sizeMax, size)
    return this.#states.push(state) - 1
  }

  /** Follows everything that reads no byte; `isNextWord` and `atEnd` say what comes after this place. */
  #close(
    threads: readonly number[],
    context: number,
    isNextWord: boolean,
    atEnd: boolean,
    acceptedBefore: readonly number[],
  ): Closure {
    if (threads.length === 0) return { reading: [], accepted: acceptedBefore }
    this.#round++
    const accepted = [...acceptedBefore]
    const isWord = (context & afterWord) !== 0
    const holds = {
      lineStart: (context & atStart) !== 0,
      lineEnd: atEnd,
      wordBoundary: isWord !== isNextWord,
      noWordBoundary: isWord === isNextWord,
    }
    const reading: number[] = []
    const stack = [...threads]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#seen[at] === this.#round) continue
      this.#seen[at] = this.#round
      const step = this.#steps[at] as Step
      if (step.kind === 'bytes') reading.push(at)
      else if (step.kind === 'fork') for (const next of step.nexts) stack.push(next)
      else if (step.kind === 'match') accept(accepted, step.pattern)
      else if (holds[step.assertion]) stack.push(step.next)
    }
    return { reading, accepted }
  }

  #threadsAfter(reading: readonly number[], symbol: number): readonly number[] {
    const reached: number[] = []
    for (const at of reading) {
      const step = this.#steps[at] as Extract<Step, { kind: 'bytes' }>
      if (symbol >= (this.symbolOf[step.from] as number) && symbol <= (this.symbolOf[step.to] as number))
        reached.push(step.next)
    }
    return sortedOnce(reached)
  }
}

function sortedOnce(numbers: number[]): readonly number[] {
  if (numbers.length < 2) return numbers
  numbers.sort((a, b) => a - b)
  return numbers.filter((number, index) => number !== numbers[index - 1])
}

/** Of numbers in their order. */
function union(some: readonly number[], others: readonly number[]): readonly number[] {
  if (some.length === 0) return others
  return others.length === 0 ? some : sortedOnce([...some, ...others])
}

function accept(words: number[], pattern: number): void {
  const word = pattern >> 5
  words[word] = ((words[word] as number) | (1 << (pattern & 31))) >>> 0
}

function isWordByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || byte === 95 || (byte >= 97 && byte <= 122)
}

/** Words are told from others only where a pattern asks for their bounds. */
function symbolsOf(steps: readonly Step[], seesWords: boolean): Uint8Array {
  const cuts = new Uint8Array(257)
  for (const step of steps)
    if (step.kind === 'bytes') {
      cuts[step.from] = 1
      cuts[step.to + 1] = 1
    }
  cuts[carriageReturn] = cuts[carriageReturn + 1] = 1
  if (seesWords) for (const cut of [48, 58, 65, 91, 95, 96, 97, 123]) cuts[cut] = 1
  const symbolOf = new Uint8Array(256)
  for (let byte = 1, symbol = 0; byte < 256; byte++) symbolOf[byte] = symbol += cuts[byte] as number
  return symbolOf
}
