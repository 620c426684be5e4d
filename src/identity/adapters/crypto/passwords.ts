import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { DomainError } from '../../../kernel/errors.ts'
import type { Passwords } from '../../app/ports.ts'

/** argon2id (the library's default), 19 MiB a hash. */
const cost = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 }
const concurrencyMax = 4
const waitingMax = 1000

/**
 * Hashes at most four passwords at once, whatever the number of sign-ins: each takes 19 MiB while it runs. Above the
 * bound on the queue calls fail with `service.unavailable`.
 */
export async function createPasswords(): Promise<Passwords> {
  const turns = pLimit(concurrencyMax)
  const nobody = await hash('the password of no account', cost)

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (turns.pendingCount >= waitingMax)
      throw new DomainError('service.unavailable', 'unavailable', { part: 'passwords' })
    return turns(work)
  }

  return {
    hash: async (password) => inTurn(() => hash(password, cost)),
    async verify(stored, password) {
      const matches = await inTurn(() => verify(stored ?? nobody, password))
      return stored !== null && matches
    },
  }
}
