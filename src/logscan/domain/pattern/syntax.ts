import type { CharSet } from './char-set.ts'

/** What must hold between two characters. `lineStart` and `lineEnd` are those of the line, whatever the flags. */
export type Assertion = 'lineStart' | 'lineEnd' | 'wordBoundary' | 'noWordBoundary'

/** A pattern as a tree. Groups and greediness are gone: only whether it matches is asked. */
export type Pattern =
  | { readonly kind: 'empty' }
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number | null }

/** A pattern that cannot be used: why, and where in its text (from 0). */
export class PatternError extends Error {
  override readonly name = 'PatternError'
  readonly reason: string
  readonly position: number

  constructor(reason: string, position: number) {
    super(`${reason} at position ${position}`)
    this.reason = reason
    this.position = position
  }
}
