import type { Actor } from '../../kernel/actor.ts'
import { lockSource } from './lock-source.ts'
import type { LogsStore } from './ports.ts'
import { staffName } from './staff-name.ts'

/** Has files followed no more; what was found in them stays. Throws `logs.source_not_found`. */
export function removeSource({ store }: { store: LogsStore }) {
  return async (actor: Actor, id: string): Promise<void> =>
    store.transaction(async (tx) => {
      const { name, paths } = await lockSource(tx, id)
      await tx.sources.remove(id)
      const subject = `log_source:${id}`
      await tx.audit([{ actor: staffName(actor), action: 'log_source.removed', subject, details: { name, paths } }])
    })
}
