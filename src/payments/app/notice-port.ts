import type { ChargeReport } from '../domain/gateway.ts'

export interface NoticeName {
  readonly id: string
  readonly provider: string
}

/** A verified webhook, stored before it is acted upon. */
export interface StoredNotice extends NoticeName {
  readonly eventId: string
  readonly report: ChargeReport
  readonly receivedAt: Date
  readonly attempts: number
}

/** A stored notice that an older version wrote, or that was damaged since. */
export interface UnreadableNotice extends NoticeName {
  readonly reason: string
}

export interface NoticeReads {
  /** Whether there is one that nobody works on. */
  anyWaiting(now: Date): Promise<boolean>
}

export interface NoticeWrites {
  /** False when the provider's event was stored before. */
  insert(notice: StoredNotice & { body: Uint8Array; nextAttemptAt: Date }): Promise<boolean>
  /** Takes notices that nobody works on until then, longest due first; what somebody takes just now is left alone. */
  take(now: Date, until: Date, limit: number): Promise<{ notices: StoredNotice[]; unreadable: UnreadableNotice[] }>
  /**
   * Marks it applied, so that whoever comes second waits for the end of this transaction and then leaves it. False when
   * it was handled or tried since it was read. The calls below are for what was claimed or taken in the same transaction.
   */
  claim(notice: StoredNotice): Promise<boolean>
  handled(id: string, outcome: string): Promise<void>
  setAside(id: string, reason: string): Promise<void>
  /** Nobody else takes it until then, unless its handler is done before. */
  giveBack(notice: StoredNotice, until: Date): Promise<void>
  /** Counts an attempt that failed. */
  retry(notice: StoredNotice, at: Date, error: string): Promise<void>
  /** Removes handled ones that were received before, oldest first. Returns how many. */
  pruneHandled(before: Date, limit: number): Promise<number>
}

/** This process's own queue of notices to handle. */
export interface NoticeQueue {
  /** How many more it has room for. */
  readonly room: number
  /** False while it is busy: new notices then get in line behind those that wait in their rows. */
  readonly takesNew: boolean
  /** Does nothing for one that it holds already. */
  add(notice: StoredNotice): void
}

/** What operators hear of notices. */
export interface NoticeEvents {
  handled(notice: NoticeName): void
  /** Its turn came, and somebody else was faster. */
  handledBefore(notice: NoticeName): void
  /** Nobody works on it any more. */
  setAside(notice: NoticeName, reason: string): void
}
