import { ClaimLost } from '../../app/follower-claims.ts'
import { type MatchStore, StepConflict } from '../../app/match-store.ts'
import { describeError } from '../scan/describe-error.ts'
import type { Followed, MatchedStep } from './followed.ts'
import type { Problems } from './problems.ts'

export interface StepKeeperDeps {
  readonly store: MatchStore
  /** Between attempts. */
  readonly retryMs: number
  readonly problems: Problems
  wait(ms: number): Promise<void>
}

/** Keeps steps, however long the store is away. */
export class StepKeeper {
  readonly #deps: StepKeeperDeps
  #isClosed = false

  constructor(deps: StepKeeperDeps) {
    this.#deps = deps
  }

  /** From now on, each step is tried once more at most. */
  close(): void {
    this.#isClosed = true
  }

  /** Throws StepConflict and ClaimLost; another error if it was closed meanwhile, and nothing was kept. */
  async keep(file: Pick<Followed, 'stored' | 'kept'>, { generation, ...found }: MatchedStep): Promise<void> {
    const { store, retryMs, problems, wait } = this.#deps
    if (file.stored === null && generation.offset === 0) return
    const step = { generation, before: file.stored, ...found }
    do {
      try {
        await store.keep([step])
        file.stored = generation.offset
        file.kept = generation
        return
      } catch (error) {
        if (error instanceof StepConflict || error instanceof ClaimLost) throw error
        problems.tell(generation.path, `what was found cannot be kept: ${describeError(error)}`)
        if (!this.#isClosed) await wait(retryMs)
      }
    } while (!this.#isClosed)
    throw new Error('the follower was closed before what it found was kept')
  }

  /** Keeps that a text has come to stand so, with no new lines. */
  keepState(file: Pick<Followed, 'stored' | 'kept'>, generation: Followed['generation']): Promise<void> {
    return this.keep(file, { generation, lines: [], groups: [], patternsVersion: 0 })
  }
}
