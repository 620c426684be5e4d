import type { States } from '../../src/logscan/domain/pattern/states.ts'

/** The patterns that match the line, as words of bits. The straightforward way, for what does not have to be fast. */
export function matchLine(states: States, line: Uint8Array): Uint32Array {
  const matched = new Uint32Array(states.acceptWords)
  let state = 0
  const take = (symbol: number) => {
    state = states.next(state, symbol)
    for (const [index, word] of states.acceptedBy(state).entries()) matched[index] = (matched[index] as number) | word
  }
  for (const byte of line) take(states.symbolOf[byte] as number)
  take(states.symbols - 1)
  return matched
}
