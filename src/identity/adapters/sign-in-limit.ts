import pLimit, { type LimitFunction } from 'p-limit'
import { DomainError } from '../../kernel/errors.ts'
import type { RateLimit } from '../../platform/cache/rate-limit.ts'
import type { Guess, SignInLimit } from '../app/ports.ts'
import { refusalOf, withinLimit } from '../app/within-limit.ts'

interface SignInLimits {
  readonly perAccountAndNetwork: RateLimit
  readonly perAccount: RateLimit
  readonly perNetwork: RateLimit
}

/**
 * A guess counts against its account before it is checked, so that guesses made at once cannot exceed the limit; a right
 * one takes back its own count and no more. Guesses of one network take turns and count against it when they were wrong:
 * who signs in rightly from a shared address neither uses the others' allowance up nor, by signing in to an account of
 * his own, gets a fresh one.
 */
export function createSignInLimit({ perAccountAndNetwork, perAccount, perNetwork }: SignInLimits): SignInLimit {
  const inTurn = createTurns()
  return {
    guess: ({ known, ...guess }, verify) =>
      inTurn(guess.network, async () => {
        await perNetwork.check(guess.network)
        await perAccountAndNetwork.consume(keyOf(guess))
        // Also a full account looks at the password: a refusal must not tell which networks it signs in from.
        const full = await refusalOf(known ? perAccount.check(guess.account) : perAccount.consume(guess.account))
        const proven = await verify()
        if (proven !== null && (known || full === null)) {
          if (!known) await perAccount.reward(guess.account)
          return proven
        }
        await withinLimit(perNetwork, guess.network)
        if (full !== null) throw full
        return null
      }),
    forgive: (guess) => perAccountAndNetwork.reset(keyOf(guess)),
  }
}

function keyOf({ account, network }: Guess): string {
  return `${network} ${account}`
}

const usersPerKeyMax = 1000
const retryAfterMs = 1000

/** Runs work of one key one at a time, in the order of arrival; throws `rate.limited` when too much waits. */
function createTurns() {
  const queues = new Map<string, { run: LimitFunction; users: number }>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const queue = queues.get(key) ?? { run: pLimit(1), users: 0 }
    if (queue.users >= usersPerKeyMax) throw new DomainError('rate.limited', 'rate_limited', { retryAfterMs })
    queue.users++
    queues.set(key, queue)
    try {
      return await queue.run(work)
    } finally {
      if (--queue.users === 0) queues.delete(key)
    }
  }
}
