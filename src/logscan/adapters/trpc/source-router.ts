import {
  AddLogSourceInput,
  Done,
  LogSourceInput,
  LogSourceListInput,
  LogSourceListOutput,
  LogSourceView,
} from '#contract'
import { type Page, type PageRequest, pageRequest } from '../../../kernel/page.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { addSource } from '../../app/add-source.ts'
import type { pauseSource } from '../../app/pause-source.ts'
import type { LogSource } from '../../app/ports.ts'
import type { removeSource } from '../../app/remove-source.ts'
import type { SourceProgress } from '../sequelize/source-files.ts'
import { logAccess } from './access.ts'
import { viewSource, viewSourceState } from './views.ts'

export interface SourceRouterDeps {
  readonly sourcePage: (page: PageRequest) => Promise<Page<LogSource>>
  readonly sourceProgress: (names: readonly string[]) => Promise<ReadonlyMap<string, SourceProgress>>
  readonly addSource: ReturnType<typeof addSource>
  readonly pauseSource: ReturnType<typeof pauseSource>
  readonly removeSource: ReturnType<typeof removeSource>
}

export function createSourceRouter(procedures: Procedures, deps: SourceRouterDeps) {
  const { sourcePage, sourceProgress, addSource, pauseSource, removeSource } = deps
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
        const progress = await sourceProgress(items.map(({ name }) => name))
        return { items: items.map((source) => viewSourceState(source, progress.get(source.name))), nextCursor }
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
