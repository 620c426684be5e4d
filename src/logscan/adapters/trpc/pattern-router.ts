import {
  CreateLogPatternInput,
  Done,
  ExportLogPatternsOutput,
  ImportLogPatternsInput,
  ImportLogPatternsOutput,
  LogPatternInput,
  LogPatternListInput,
  LogPatternListOutput,
  LogPatternView,
  SetLogPatternEnabledInput,
  TestLogPatternInput,
  TestLogPatternOutput,
  UpdateLogPatternInput,
} from '#contract'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { createPattern } from '../../app/create-pattern.ts'
import type { readPatternSet } from '../../app/current-patterns.ts'
import type { enablePattern } from '../../app/enable-pattern.ts'
import type { importPatterns } from '../../app/import-patterns.ts'
import { costsOf } from '../../app/pattern-costs.ts'
import type { removePattern } from '../../app/remove-pattern.ts'
import type { testPattern } from '../../app/test-pattern.ts'
import type { updatePattern } from '../../app/update-pattern.ts'
import type { LogPattern } from '../../domain/log-pattern.ts'
import { sumCosts } from '../../domain/match/pattern-cost.ts'
import { writePatternText } from '../patterns/pattern-text.ts'
import { readSeek, seekPage } from '../sequelize/seek-cursor.ts'
import { logAccess } from './access.ts'
import { viewPattern } from './views.ts'

export interface PatternRouterDeps {
  readonly readPatternSet: ReturnType<typeof readPatternSet>
  readonly createPattern: ReturnType<typeof createPattern>
  readonly updatePattern: ReturnType<typeof updatePattern>
  readonly enablePattern: ReturnType<typeof enablePattern>
  readonly removePattern: ReturnType<typeof removePattern>
  readonly stepsMax: number
  readonly testPattern: ReturnType<typeof testPattern>
  readonly importPatterns: ReturnType<typeof importPatterns>
}

interface Ways {
  readonly regex?: string | undefined
  readonly anyOf?: readonly string[] | undefined
}

/** The contract lets one of them through, or none where what is looked for stays. */
function matchOf({ regex, anyOf }: Ways): LogPattern['match'] | undefined {
  if (regex !== undefined) return { regex }
  return anyOf === undefined ? undefined : { anyOf }
}

export function createPatternRouter(procedures: Procedures, deps: PatternRouterDeps) {
  const { readPatternSet, createPattern, updatePattern, enablePattern, testPattern, importPatterns } = deps
  const { removePattern, stepsMax } = deps
  const { reading, changing } = logAccess(procedures)
  return router({
    list: reading
      .input(LogPatternListInput)
      .output(LogPatternListOutput)
      .query(async ({ input: { cursor, limit } }) => {
        const { version, set } = await readPatternSet()
        const behind = readSeek(cursor ?? null, /^([\w.-]{1,60})$/)?.[0] ?? ''
        const rest = set.filter(({ pattern }) => pattern.id > behind).slice(0, limit + 1)
        const { items, nextCursor } = seekPage(rest, limit, { to: viewPattern, seekOf: ({ pattern }) => [pattern.id] })
        const enabled = set.filter(({ isEnabled }) => isEnabled)
        const cost = sumCosts(enabled.map(({ pattern }) => costsOf(pattern)))
        return { items: [...items], nextCursor, version, cost: { ...cost, stepsMax } }
      }),
    create: changing
      .input(CreateLogPatternInput)
      .output(LogPatternView)
      .mutation(async ({ ctx, input }) => {
        const { id, title = id, level, ignoreCase, isEnabled } = input
        const pattern = { id, title, level, ignoreCase, match: matchOf(input) as LogPattern['match'] }
        return viewPattern(await createPattern(ctx.actor, pattern, isEnabled))
      }),
    update: changing
      .input(UpdateLogPatternInput)
      .output(LogPatternView)
      .mutation(async ({ ctx, input }) => {
        const { id, title, level, ignoreCase } = input
        const match = matchOf(input)
        const wanted = {
          ...(title === undefined ? {} : { title }),
          ...(level === undefined ? {} : { level }),
          ...(ignoreCase === undefined ? {} : { ignoreCase }),
          ...(match === undefined ? {} : { match }),
        }
        return viewPattern(await updatePattern(ctx.actor, id, wanted))
      }),
    setEnabled: changing
      .input(SetLogPatternEnabledInput)
      .output(LogPatternView)
      .mutation(async ({ ctx, input: { id, isEnabled } }) =>
        viewPattern(await enablePattern(ctx.actor, id, isEnabled)),
      ),
    remove: changing
      .input(LogPatternInput)
      .output(Done)
      .mutation(async ({ ctx, input: { id } }) => {
        await removePattern(ctx.actor, id)
        return { done: true } as const
      }),
    // It changes nothing, but its text is too long for an address.
    test: reading
      .input(TestLogPatternInput)
      .output(TestLogPatternOutput)
      .mutation(({ input }) => {
        const match = matchOf(input) as LogPattern['match']
        const { matches, lines, cost } = testPattern({ match, ignoreCase: input.ignoreCase }, input.text)
        return { matches, cost, lines: [...lines] }
      }),
    import: changing
      .input(ImportLogPatternsInput)
      .output(ImportLogPatternsOutput)
      .mutation(({ ctx, input: { yaml } }) => importPatterns(ctx.actor, yaml)),
    export: reading.output(ExportLogPatternsOutput).query(async () => {
      const { set } = await readPatternSet()
      return { yaml: writePatternText(set.filter(({ isBuiltIn }) => !isBuiltIn).map(({ pattern }) => pattern)) }
    }),
  })
}
