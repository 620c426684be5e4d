import type { FoundGroup, FoundLine } from '../../app/match-store.ts'
import type { Generation } from '../../domain/follow/generation.ts'
import type { FileFacts } from './open-files.ts'

/** A file that is followed. */
export interface Followed {
  generation: Generation
  /** As it was kept last. */
  kept: Generation
  /** The offset that the store has; null if it knows nothing of the generation. */
  stored: number | null
  facts: FileFacts
  /** Before it, no line ends that is longer than a step. */
  searched: number
  /** The most bytes that its text was seen to have. */
  sizeSeen: number
  /** Where it really is, links followed. */
  realPath: string
  changedAt: number
  /** Since when none of the names that are followed is its own; null while one is. */
  rotatedAt: number | null
  /** While it is rotated away: when to look at it again. */
  checkAt: number
  /** Resolves once all that is there was read; null if nothing is to be read. */
  reading: Promise<void> | null
  /** It changed, and what is new was not looked at yet. */
  isChanged: boolean
}

type Start = Pick<Followed, 'generation' | 'stored' | 'facts' | 'realPath' | 'changedAt' | 'rotatedAt'>

export function newFollowed(start: Start): Followed {
  return {
    ...start,
    ...{ kept: start.generation, searched: 0, sizeSeen: start.facts.size, checkAt: 0 },
    ...{ reading: null, isChanged: false },
  }
}

/** What was matched, and how far it came with it. */
export interface MatchedStep {
  readonly generation: Generation
  readonly lines: readonly FoundLine[]
  readonly groups: readonly FoundGroup[]
  readonly patternsVersion: number
}

/** How far a text was read. */
export type ReadText = Pick<Generation, 'offset' | 'newlines' | 'head' | 'tail'>
