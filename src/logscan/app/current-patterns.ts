import type { LogPattern } from '../domain/log-pattern.ts'
import { patternSet, type SetPattern } from '../domain/pattern-set.ts'
import type { LogsStore } from './ports.ts'

export interface WholeSet {
  readonly version: number
  readonly set: readonly SetPattern[]
}

/** Every pattern there is, by its id. */
export function readPatternSet({ store }: { store: Pick<LogsStore, 'patterns'> }) {
  return async (): Promise<WholeSet> => {
    // In this order: patterns that are newer than their version are read again, older ones never would be.
    const version = await store.patterns.version()
    return { version, set: patternSet(await store.patterns.all()) }
  }
}

interface CurrentPatterns {
  readonly version: number
  readonly patterns: readonly LogPattern[]
}

/** What is to be looked for now. Where nothing has changed only the version is read: it is asked again and again. */
export function currentPatterns({ store }: { store: Pick<LogsStore, 'patterns'> }) {
  const read = readPatternSet({ store })
  let known: CurrentPatterns | null = null
  return async (): Promise<CurrentPatterns> => {
    if (known !== null && (await store.patterns.version()) === known.version) return known
    const { version, set } = await read()
    known = { version, patterns: set.filter(({ isEnabled }) => isEnabled).map(({ pattern }) => pattern) }
    return known
  }
}
