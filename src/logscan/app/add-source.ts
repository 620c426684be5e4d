import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DomainError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { mayBeReadable, type ReadablePaths } from '../domain/follow/readable-paths.ts'
import type { LogSource, LogsStore } from './ports.ts'
import { staffName } from './staff-name.ts'

interface AddSourceDeps {
  readonly store: LogsStore
  readonly clock: Clock
  readonly ids: Ids
  readonly readable: ReadablePaths
  readonly sourcesMax: number
}

/** Has files followed from now on. Throws `logs.path_forbidden`, `logs.source_taken`, `logs.too_many_sources`. */
export function addSource({ store, clock, ids, readable, sourcesMax }: AddSourceDeps) {
  return async (actor: Actor, { name, paths }: Pick<LogSource, 'name' | 'paths'>): Promise<LogSource> => {
    const by = staffName(actor)
    for (const path of paths)
      if (!mayBeReadable(path, readable))
        throw new DomainError('logs.path_forbidden', 'invalid', { field: 'paths', path, roots: readable.roots })
    const source = { id: ids.next(), name, paths, isPaused: false, createdAt: clock.now(), createdBy: by }
    await store.transaction(async (tx) => {
      if ((await tx.sources.count()) >= sourcesMax)
        throw new DomainError('logs.too_many_sources', 'conflict', { max: sourcesMax })
      if (!(await tx.sources.insert(source)))
        throw new DomainError('logs.source_taken', 'conflict', { field: 'name', name })
      const subject = `log_source:${source.id}`
      await tx.audit([{ actor: by, action: 'log_source.added', subject, details: { name, paths } }])
    })
    return source
  }
}
