import { LogSummaryInput, LogSummaryOutput, LogTimeseriesInput, LogTimeseriesOutput } from '#contract'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { readSpan } from '../../app/read-span.ts'
import type { LogLists, LogQueries } from '../sequelize/log-lists.ts'
import { logAccess } from './access.ts'
import { createEventRouter, type EventRouterDeps } from './event-router.ts'
import { createGroupRouter, type GroupRouterDeps } from './group-router.ts'
import { createPatternRouter, type PatternRouterDeps } from './pattern-router.ts'
import { createSourceRouter, type SourceRouterDeps } from './source-router.ts'
import { viewSeries } from './views.ts'

interface LogRouterDeps {
  readonly groups: GroupRouterDeps
  readonly events: EventRouterDeps
  readonly patterns: PatternRouterDeps
  readonly sources: SourceRouterDeps
  readonly counts: Pick<LogQueries, 'summary' | 'series'> & Pick<LogLists, 'groupCounts'>
  readonly readSpan: ReturnType<typeof readSpan>
}

/** `logs.*`: what was found in logs, what is looked for, and where. */
export function createLogRouter(procedures: Procedures, deps: LogRouterDeps) {
  const { groups, events, patterns, sources, counts, readSpan } = deps
  const { reading } = logAccess(procedures)
  return router({
    groups: createGroupRouter(procedures, groups),
    events: createEventRouter(procedures, events),
    patterns: createPatternRouter(procedures, patterns),
    sources: createSourceRouter(procedures, sources),
    summary: reading
      .input(LogSummaryInput)
      .output(LogSummaryOutput)
      .query(async ({ input }) => {
        const { from, to } = readSpan.span(asked(input))
        const [summary, groupCounts] = await Promise.all([
          counts.summary({ from, to, source: input.source ?? null }),
          counts.groupCounts(),
        ])
        return { ...viewSpan(from, to), ...summary, groups: groupCounts }
      }),
    timeseries: reading
      .input(LogTimeseriesInput)
      .output(LogTimeseriesOutput)
      .query(async ({ input }) => {
        const { from, to, step } = readSpan.series(asked(input), input.step ?? null)
        const { source = null, group = null } = input
        return {
          ...viewSpan(from, to),
          step,
          points: viewSeries(await counts.series({ from, to, step, source, group })),
        }
      }),
  })
}

function asked({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return { from: from === undefined ? null : Date.parse(from), to: to === undefined ? null : Date.parse(to) }
}

const viewSpan = (from: number, to: number) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
