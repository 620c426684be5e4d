import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { NoticeQueue, StoredNotice } from './notice-port.ts'
import type { Gateways, PaymentsStore } from './ports.ts'

interface ReceiveNoticeDeps {
  readonly store: PaymentsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly gateways: Gateways
  /** Null where other processes handle notices. */
  readonly queue: NoticeQueue | null
}

/** For this long the node that works on a notice has it to itself; after that any node takes it up. */
export const noticeLeaseMs = 5_000

/**
 * Verifies a webhook on its raw body and stores it; acting upon it comes after the acknowledgement. A provider's event
 * is stored once, however often it is delivered. Throws `webhook.provider_unknown`, `webhook.signature_invalid` or
 * `request.malformed`.
 */
export function receiveNotice({ store, clock, ids, gateways, queue }: ReceiveNoticeDeps) {
  return async (
    provider: string,
    body: Uint8Array,
    header: (name: string) => string | undefined,
  ): Promise<{ duplicate: boolean }> => {
    const gateway = gateways.get(provider)
    if (gateway === undefined) throw new DomainError('webhook.provider_unknown', 'not_found', { provider })
    const receivedAt = clock.now()
    const { eventId, report } = gateway.readNotice({ body, header, now: receivedAt })
    const notice: StoredNotice = { id: ids.next(), provider, eventId, report, receivedAt, attempts: 0 }
    let handledHere = false
    const inserted = await store.transaction((tx) => {
      handledHere = queue?.takesNew === true
      const nextAttemptAt = new Date(receivedAt.getTime() + (handledHere ? noticeLeaseMs : 0))
      return tx.notices.insert({ ...notice, body, nextAttemptAt })
    })
    if (inserted && handledHere) queue?.add(notice)
    return { duplicate: !inserted }
  }
}
