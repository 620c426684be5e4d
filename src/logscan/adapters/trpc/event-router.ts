import { LogContextInput, LogContextOutput, LogEventListInput, LogEventListOutput } from '#contract'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { readContext } from '../../app/read-context.ts'
import type { LogLists } from '../sequelize/log-lists.ts'
import { logAccess } from './access.ts'
import { askedSpan } from './asked-span.ts'
import { viewEvent } from './views.ts'

export interface EventRouterDeps {
  readonly lists: Pick<LogLists, 'lines'>
  readonly readContext: ReturnType<typeof readContext>
}

export function createEventRouter(procedures: Procedures, { lists, readContext }: EventRouterDeps) {
  const { reading } = logAccess(procedures)
  return router({
    list: reading
      .input(LogEventListInput)
      .output(LogEventListOutput)
      .query(async ({ input: { group = null, source = null, cursor = null, limit, ...span } }) => {
        const { items, nextCursor } = await lists.lines({ group, source, ...askedSpan(span), cursor, limit })
        return { items: items.map(viewEvent), nextCursor }
      }),
    context: reading
      .input(LogContextInput)
      .output(LogContextOutput)
      .query(async ({ input: { id, before, after } }) => {
        const [generation = '', offset] = id.split(':')
        const context = await readContext({ generation, offset: Number(offset) }, { before, after })
        return { ...context, before: [...context.before], after: [...context.after] }
      }),
  })
}
