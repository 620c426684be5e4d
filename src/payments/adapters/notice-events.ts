import type { Logger } from '../../platform/log.ts'
import type { NoticeEvents, StoredNotice } from '../app/notice-port.ts'

interface NoticeEventsDeps {
  readonly count: (provider: string, outcome: 'handled' | 'handled_before' | 'failed' | 'set_aside') => void
  readonly log: Logger
}

/** What operators hear of webhooks: figures, and lines about those that did not go well. */
export function createNoticeEvents({ count, log }: NoticeEventsDeps) {
  return {
    handled: ({ provider }) => count(provider, 'handled'),
    handledBefore: ({ provider }) => count(provider, 'handled_before'),
    setAside({ id, provider }, reason) {
      count(provider, 'set_aside')
      log.error({ noticeId: id, provider, reason }, 'a webhook was set aside: a person has to look at it')
    },
    failed({ id, provider, attempts }: StoredNotice, error: unknown) {
      count(provider, 'failed')
      log.warn({ err: error, noticeId: id, provider, attempts: attempts + 1 }, 'a webhook could not be handled yet')
    },
  } satisfies NoticeEvents & Record<string, unknown>
}
