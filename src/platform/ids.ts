import { v7 } from 'uuid'
import type { Ids } from '../kernel/ids.ts'

/** Random enough to be unguessable in its last 74 bits, growing within one process. */
export const uuidIds: Ids = { next: () => v7() }
