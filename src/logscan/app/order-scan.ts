import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { mayBeReadable, type ReadablePaths } from '../domain/follow/readable-paths.ts'
import type { LogsStore } from './ports.ts'
import type { ScanOrder } from './scan-ports.ts'
import { staffName } from './staff-name.ts'

interface OrderScanDeps {
  readonly store: LogsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly readable: ReadablePaths
  /** Scans that may wait. */
  readonly queuedMax: number
}

/** Has files scanned as soon as a process is free. Throws `logs.path_forbidden`, `logs.window_invalid`, `logs.too_many_scans`. */
export function orderScan({ store, clock, ids, readable, queuedMax }: OrderScanDeps) {
  return async (actor: Actor, order: ScanOrder): Promise<string> => {
    const { paths, since, until } = order
    for (const path of paths)
      if (!mayBeReadable(path, readable))
        throw new DomainError('logs.path_forbidden', 'invalid', { field: 'paths', path, roots: readable.roots })
    if (since !== null && until !== null && since >= until)
      throw new DomainError('logs.window_invalid', 'invalid', { field: 'until', rule: 'empty' })
    const by = staffName(actor)
    const id = ids.next()
    await store.transaction(async (tx) => {
      if ((await tx.scans.countQueued()) >= queuedMax)
        throw new DomainError('logs.too_many_scans', 'conflict', { max: queuedMax })
      await tx.scans.insert(id, order, clock.now().getTime(), by)
      await tx.audit([{ actor: by, action: 'log_scan.started', subject: `log_scan:${id}`, details: { ...order } }])
    })
    return id
  }
}

/** Ends a scan, whoever does it; one that has ended stays as it is. Throws `logs.scan_not_found`. */
export function cancelScan({ store }: Pick<OrderScanDeps, 'store'>) {
  return async (actor: Actor, id: string): Promise<void> =>
    store.transaction(async (tx) => {
      const before = await tx.scans.cancel(id)
      if (before === null) throw new DomainError('logs.scan_not_found', 'not_found', { field: 'id', id })
      if (before !== 'queued' && before !== 'running') return
      const subject = `log_scan:${id}`
      await tx.audit([{ actor: staffName(actor), action: 'log_scan.canceled', subject, details: {} }])
    })
}
