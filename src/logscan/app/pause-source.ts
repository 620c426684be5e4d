import type { Actor } from '../../kernel/actor.ts'
import { lockSource } from './lock-source.ts'
import type { LogSource, LogsStore } from './ports.ts'
import { staffName } from './staff-name.ts'

/** Stops reading a source, or goes on with it where it stopped; twice changes nothing. Throws `logs.source_not_found`. */
export function pauseSource({ store }: { store: LogsStore }) {
  return async (actor: Actor, id: string, isPaused: boolean): Promise<LogSource> =>
    store.transaction(async (tx) => {
      const source = await lockSource(tx, id)
      if (source.isPaused === isPaused) return source
      await tx.sources.setPaused(id, isPaused)
      const action = isPaused ? 'log_source.paused' : 'log_source.resumed'
      const details = { name: source.name }
      await tx.audit([{ actor: staffName(actor), action, subject: `log_source:${id}`, details }])
      return { ...source, isPaused }
    })
}
