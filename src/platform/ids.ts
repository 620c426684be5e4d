import { randomBytes, randomInt } from 'node:crypto'
import { v7 } from 'uuid'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'

const sequenceMax = 0xffff_ffff

/**
 * UUIDs of version 7 that grow within one process, and from one process to the next as far as their clocks agree: lists
 * are in the order of their ids. Unguessable in their last 42 bits.
 */
export function createIds(clock: Clock): Ids {
  let atMs = 0
  let sequence = 0
  return {
    next() {
      const nowMs = clock.now().getTime()
      // A clock that was set back must not make ids smaller.
      if (nowMs > atMs || sequence === sequenceMax) {
        atMs = Math.max(nowMs, atMs + 1)
        sequence = randomInt(2 ** 31)
      } else sequence++
      return v7({ msecs: atMs, seq: sequence })
    },
  }
}

/** Names the requests of one process: unique and short, and cheaper than randomness for each. */
export function createRequestIds(): Ids {
  const process = randomBytes(9).toString('base64url')
  let requests = 0
  return { next: () => `${process}-${(requests++).toString(36)}` }
}
