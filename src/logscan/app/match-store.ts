import type { Generation } from '../domain/follow/generation.ts'
import type { Level } from '../domain/log-pattern.ts'

/** A line that matches, as it is kept. */
export interface FoundLine {
  /** Bytes before it in its generation's text, and its own bytes. */
  readonly offset: number
  readonly length: number
  /** From 1. */
  readonly line: number
  readonly level: Level
  /** What the line says of itself, in ms since the epoch. */
  readonly time: number | null
  /** Ids of the patterns. */
  readonly patterns: readonly string[]
  readonly group: string
  readonly text: string
}

/** A group that lines of a step belong to, as it is made if it is not known yet. */
export interface FoundGroup {
  readonly id: string
  /** Its first event's message with the variable parts masked; below it, of a trace, the exception and its top frames. */
  readonly template: string
  /** The way groups are made, as a number. */
  readonly version: number
}

/** What was read of one generation: it, as it stands now, and where it stood before. */
export interface FollowStep {
  readonly generation: Generation
  /** The offset that the store has; null if it knows nothing of the generation. */
  readonly before: number | null
  readonly lines: readonly FoundLine[]
  readonly groups: readonly FoundGroup[]
  /** Version of the set of patterns that the lines match. */
  readonly patternsVersion: number
}

/** Somebody else has gone on with the generation: nothing was kept, and it has to be loaded anew. */
export class StepConflict extends Error {
  override readonly name = 'StepConflict'
  readonly generation: string

  constructor(generation: string) {
    super(`the generation ${generation} does not stand where it was read from`)
    this.generation = generation
  }
}

/** Where a follower keeps what it found, with how far it came. */
export interface MatchStore {
  /** The generations of a machine's sources that have not ended, and those that ended lately. */
  load(node: string, sources: readonly string[]): Promise<readonly Generation[]>
  /** Keeps all of the steps, or nothing. Throws StepConflict. */
  keep(steps: readonly FollowStep[]): Promise<void>
}
