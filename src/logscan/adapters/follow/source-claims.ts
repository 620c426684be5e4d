import type { FollowerClaim, FollowerClaims, FollowerState, Holder } from '../../app/follower-claims.ts'
import { isGone } from './process-holder.ts'

interface SourceClaimsDeps {
  readonly claims: FollowerClaims
  /** This machine. */
  readonly node: string
  readonly holder: Holder
  /** So long the beat of a claim stands still before it is taken over. */
  readonly staleMs: number
}

interface Seen {
  readonly beat: number
  readonly at: number
}

/** The sources that are for this process to follow. */
export class SourceClaims {
  readonly #deps: SourceClaimsDeps
  /** What was written last of each source. */
  readonly #written = new Map<string, string>()
  /** Claims of others. */
  readonly #seen = new Map<string, Seen>()

  constructor(deps: SourceClaimsDeps) {
    this.#deps = deps
  }

  /** Lets the claims of this process live on, and takes those that nobody holds any more. Gives all that it holds. */
  async hold(states: readonly FollowerState[]): Promise<ReadonlySet<string>> {
    if (states.length === 0) return new Set()
    const { claims, node, holder } = this.#deps
    const changed = states.filter((state) => this.#written.get(state.source) !== JSON.stringify(state))
    await claims.beat(node, holder, changed)
    for (const state of changed) this.#written.set(state.source, JSON.stringify(state))
    const there = new Map(
      (
        await claims.read(
          node,
          states.map(({ source }) => source),
        )
      ).map((claim) => [claim.source, claim]),
    )
    const held = new Set<string>()
    for (const state of states) {
      const claim = there.get(state.source) ?? null
      const isFree = claim === null || claim.holder === '' || this.#isOver(claim)
      if (claim?.holder === holder || (isFree && (await claims.take(node, state, claim, holder)))) {
        held.add(state.source)
        this.#seen.delete(state.source)
      }
    }
    return held
  }

  async release(source: string): Promise<void> {
    const { claims, node, holder } = this.#deps
    this.#written.delete(source)
    await claims.release(node, source, holder)
  }

  #isOver({ source, holder, beat }: FollowerClaim): boolean {
    if (isGone(holder)) return true
    const now = performance.now()
    const seen = this.#seen.get(source)
    if (seen?.beat !== beat) this.#seen.set(source, { beat, at: now })
    return seen?.beat === beat && now - seen.at >= this.#deps.staleMs
  }
}
