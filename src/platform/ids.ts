import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'
import type { Ids } from '../kernel/ids.ts'

/** Random enough to be unguessable in its last 74 bits, growing within one process. */
export const uuidIds: Ids = { next: () => v7() }

/** Names the requests of one process: unique and short, and cheaper than randomness for each. */
export function createRequestIds(): Ids {
  const process = randomBytes(9).toString('base64url')
  let requests = 0
  return { next: () => `${process}-${(requests++).toString(36)}` }
}
