import {
  AddLogSourceInput,
  Done,
  LogSourceInput,
  LogSourceListInput,
  LogSourceListOutput,
  LogSourceView,
} from '#contract'
import type { Clock } from '../../../kernel/clock.ts'
import { type Page, type PageRequest, pageRequest } from '../../../kernel/page.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { addSource } from '../../app/add-source.ts'
import { configSource } from '../../app/current-sources.ts'
import type { pauseSource } from '../../app/pause-source.ts'
import type { LogSource } from '../../app/ports.ts'
import type { removeSource } from '../../app/remove-source.ts'
import type { FollowerSign } from '../sequelize/follower-claims.ts'
import type { SourceProgress } from '../sequelize/source-files.ts'
import { logAccess } from './access.ts'
import { viewProgress, viewSource } from './source-views.ts'

export interface SourceRouterDeps {
  readonly sourcePage: (page: PageRequest) => Promise<Page<LogSource>>
  readonly sourceProgress: (names: readonly string[]) => Promise<ReadonlyMap<string, SourceProgress>>
  readonly followerSigns: (sources: readonly string[]) => Promise<readonly FollowerSign[]>
  readonly claimMs: number
  readonly clock: Clock
  readonly addSource: ReturnType<typeof addSource>
  readonly pauseSource: ReturnType<typeof pauseSource>
  readonly removeSource: ReturnType<typeof removeSource>
}

export function createSourceRouter(procedures: Procedures, deps: SourceRouterDeps) {
  const { sourcePage, sourceProgress, followerSigns, claimMs, clock, addSource, pauseSource, removeSource } = deps
  const { reading, changing } = logAccess(procedures)
  const setPaused = (isPaused: boolean) =>
    changing
      .input(LogSourceInput)
      .output(LogSourceView)
      .mutation(async ({ ctx, input: { id } }) => viewSource(await pauseSource(ctx.actor, id, isPaused)))
  return router({
    list: reading
      .input(LogSourceListInput)
      .output(LogSourceListOutput)
      .query(async ({ input }) => {
        const { items, nextCursor } = await sourcePage(pageRequest(input))
        const names = [...items.map(({ name }) => name), configSource]
        const [progress, signs] = await Promise.all([sourceProgress(names), followerSigns(names)])
        const aliveSince = clock.now().getTime() - claimMs
        const progressOf = (name: string) => {
          const followers = signs.filter(({ source }) => source === name)
          return viewProgress(progress.get(name), followers, aliveSince)
        }
        return {
          items: items.map((source) => ({ ...viewSource(source), ...progressOf(source.name) })),
          nextCursor,
          configured: progressOf(configSource),
        }
      }),
    add: changing
      .input(AddLogSourceInput)
      .output(LogSourceView)
      .mutation(async ({ ctx, input }) => viewSource(await addSource(ctx.actor, input))),
    pause: setPaused(true),
    resume: setPaused(false),
    remove: changing
      .input(LogSourceInput)
      .output(Done)
      .mutation(async ({ ctx, input: { id } }) => {
        await removeSource(ctx.actor, id)
        return { done: true } as const
      }),
  })
}
