import { LogSummaryInput, LogSummaryOutput, LogTimeseriesInput, LogTimeseriesOutput } from '#contract'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { readSpan } from '../../app/read-span.ts'
import type { LogLists } from '../sequelize/log-lists.ts'
import type { LogQueries } from '../sequelize/log-queries.ts'
import { logAccess } from './access.ts'
import { type AlertRouterDeps, createAlertRouter } from './alert-router.ts'
import { askedSpan } from './asked-span.ts'
import { createEventRouter, type EventRouterDeps } from './event-router.ts'
import { createGroupRouter, type GroupRouterDeps } from './group-router.ts'
import { createPatternRouter, type PatternRouterDeps } from './pattern-router.ts'
import { createScanRouter, type ScanRouterDeps } from './scan-router.ts'
import { createSourceRouter, type SourceRouterDeps } from './source-router.ts'
import { viewSeries, viewSpan } from './views.ts'

interface LogRouterDeps {
  readonly groups: GroupRouterDeps
  readonly events: EventRouterDeps
  readonly patterns: PatternRouterDeps
  readonly sources: SourceRouterDeps
  readonly alerts: AlertRouterDeps
  readonly scans: ScanRouterDeps
  readonly counts: Pick<LogQueries, 'summary' | 'series'> & Pick<LogLists, 'groupCounts'>
  readonly readSpan: ReturnType<typeof readSpan>
}

/** `logs.*`: what was found in logs, what is looked for, and where. */
export function createLogRouter(procedures: Procedures, deps: LogRouterDeps) {
  const { groups, events, patterns, sources, alerts, scans, counts, readSpan } = deps
  const { reading } = logAccess(procedures)
  return router({
    groups: createGroupRouter(procedures, groups),
    events: createEventRouter(procedures, events),
    patterns: createPatternRouter(procedures, patterns),
    sources: createSourceRouter(procedures, sources),
    alerts: createAlertRouter(procedures, alerts),
    scans: createScanRouter(procedures, scans),
    summary: reading
      .input(LogSummaryInput)
      .output(LogSummaryOutput)
      .query(async ({ input }) => {
        const span = readSpan.span(askedSpan(input))
        const [summary, groups] = await Promise.all([
          counts.summary({ ...span, source: input.source ?? null }),
          counts.groupCounts(),
        ])
        return { ...viewSpan(span), ...summary, groups }
      }),
    timeseries: reading
      .input(LogTimeseriesInput)
      .output(LogTimeseriesOutput)
      .query(async ({ input }) => {
        const { source = null, group = null } = input
        const span = readSpan.series(askedSpan(input), input.step ?? null)
        const points = viewSeries(await counts.series({ ...span, source, group }))
        return { ...viewSpan(span), step: span.step, points }
      }),
  })
}
