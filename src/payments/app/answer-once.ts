import type { IdempotencyKey, PaymentsStore, PaymentsTx } from './ports.ts'

interface Command<Result, Checked> {
  readonly key: IdempotencyKey
  /** The id of the result, if there is none yet. */
  readonly id: string
  /** Throws what forbids the command. */
  readonly check: () => Checked
  readonly make: (tx: PaymentsTx, checked: Checked) => Promise<Result>
  readonly find: (id: string) => Promise<Result>
}

/**
 * Carries out a command once for its key. The same key and input gets the first result again, whatever the rules have
 * become since: a check that fails counts for a new key only. Throws `idempotency.mismatch`.
 */
export async function answerOnce<Result extends object, Checked>(
  store: Pick<PaymentsStore, 'transaction' | 'firstResult'>,
  { key, id, check, make, find }: Command<Result, Checked>,
): Promise<Result> {
  let checked: Checked
  try {
    checked = check()
  } catch (refusal) {
    // Read, not claimed: those who wait for a claim that is then rolled back would deadlock.
    const first = await store.firstResult(key)
    if (first === null) throw refusal
    return find(first)
  }
  const made = await store.transaction(async (tx) => (await tx.claimKey(key, id)) ?? make(tx, checked))
  return typeof made === 'string' ? find(made) : made
}
