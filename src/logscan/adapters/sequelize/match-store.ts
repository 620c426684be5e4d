import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Database } from '../../../platform/database/database.ts'
import type { Holder } from '../../app/follower-claims.ts'
import type { MatchStore } from '../../app/match-store.ts'
import { defineAlertModels } from './alert-models.ts'
import { raiseForGroups } from './alert-store.ts'
import { arrivalsOf, placeLines } from './arrivals.ts'
import { requireClaims } from './follower-claims.ts'
import { loadGenerations, moveGenerations } from './generation-store.ts'
import { countGroups, type GroupNews } from './group-counts.ts'
import { keepLines } from './line-store.ts'
import { defineLogModels } from './models.ts'

interface MatchStoreDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  /** Who has to have a claim on the sources of what is kept; null where nobody else can keep it. */
  readonly holder?: Holder | null
  /** Of the lines that one group has in one minute, so many keep their texts; the others are kept and counted without. */
  readonly textsPerGroupAndMinute: number
  /** So long after its end a generation is still loaded: its text may turn up again, compressed. */
  readonly endedForMs: number
  /** Called after the commit; who dies in between never hears of it. It must not throw. */
  onGroups?(news: readonly GroupNews[]): void
}

export function createMatchStore({
  database,
  clock,
  ids,
  holder = null,
  textsPerGroupAndMinute,
  endedForMs,
  onGroups,
}: MatchStoreDeps): MatchStore {
  const models = defineLogModels(database.sequelize)
  const alerts = defineAlertModels(database.sequelize)
  return {
    load: (node, sources) => loadGenerations(database, node, sources, clock.now().getTime() - endedForMs),

    async keep(steps) {
      if (steps.length === 0) return
      const nowMs = clock.now().getTime()
      const lines = placeLines(steps, nowMs)
      const arrivals = arrivalsOf(steps, lines)
      // All take their locks in one order: claims, generations, groups, buckets, each by its key.
      const news = await database.transaction(async (tx) => {
        if (holder !== null) await requireClaims(tx, steps, holder)
        await moveGenerations(tx, models, steps, nowMs)
        if (lines.length === 0) return []
        const told = await countGroups({ tx, models, ids, nowMs }, arrivals)
        await keepLines({ tx, models, nowMs, textsPerGroupAndMinute }, lines)
        await raiseForGroups(tx, { models: alerts, clock, ids }, told)
        return told
      })
      if (news.length > 0) onGroups?.(news)
    },
  }
}
