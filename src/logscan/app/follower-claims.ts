/** How a process says which it is, so that another of its machine can tell whether it still runs. */
export type Holder = string

/** Who follows a source on one machine. */
export interface FollowerClaim {
  readonly source: string
  /** Empty if nobody does. */
  readonly holder: Holder
  /** Grows as long as the holder lives. */
  readonly beat: number
}

/** How far a follower is with a source. */
export interface FollowerState {
  readonly source: string
  /** Files, folders and globs. */
  readonly paths: readonly string[]
  /** Files that are followed. */
  readonly files: number
  /** Bytes that were written and not yet read, lines without an end included. */
  readonly lagBytes: number
  /** Bytes that were read of the files that are followed. */
  readonly readBytes: number
}

/**
 * Sees to it that the files of a machine are followed by one process: two would each keep what they read. No clock decides:
 * a claim whose beat stands still is taken over, and what the one before it keeps afterwards is refused.
 */
export interface FollowerClaims {
  read(node: string, sources: readonly string[]): Promise<readonly FollowerClaim[]>
  /** Takes the source from who had it; null if nobody ever did. False if somebody else was faster. */
  take(node: string, state: FollowerState, from: FollowerClaim | null, holder: Holder): Promise<boolean>
  /** Lets the claims of a holder live on, and keeps how far it is with those sources that are named. */
  beat(node: string, holder: Holder, states: readonly FollowerState[]): Promise<void>
  release(node: string, source: string, holder: Holder): Promise<void>
}

/** Somebody else follows the source by now: nothing was kept. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'

  constructor(source: string) {
    super(`the source ${source} is followed by another process by now`)
  }
}
