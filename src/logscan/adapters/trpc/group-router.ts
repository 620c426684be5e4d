import {
  AssignLogGroupInput,
  LogGroupDetail,
  LogGroupInput,
  LogGroupListInput,
  LogGroupListOutput,
  LogGroupView,
  SetLogGroupStatusInput,
} from '#contract'
import { DomainError } from '../../../kernel/errors.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { assignGroup } from '../../app/assign-group.ts'
import type { moveGroup } from '../../app/move-group.ts'
import type { GroupMove } from '../../domain/group/group-status.ts'
import type { LogGroup } from '../sequelize/group-rows.ts'
import type { LogLists } from '../sequelize/log-lists.ts'
import type { LogQueries } from '../sequelize/log-queries.ts'
import { logAccess } from './access.ts'
import { viewDetail, viewGroup } from './views.ts'

export interface GroupRouterDeps {
  readonly lists: Pick<LogLists, 'groups'>
  readonly queries: Pick<LogQueries, 'group' | 'history'>
  readonly directory: { handlesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> }
  readonly moveGroup: ReturnType<typeof moveGroup>
  readonly assignGroup: ReturnType<typeof assignGroup>
}

const historyMax = 100

export function createGroupRouter(procedures: Procedures, deps: GroupRouterDeps) {
  const { lists, queries, directory, moveGroup, assignGroup } = deps
  const { reading, changing } = logAccess(procedures)

  async function get(id: string): Promise<LogGroup> {
    const group = await queries.group(id)
    if (group === null) throw new DomainError('logs.group_not_found', 'not_found', { field: 'id', id })
    return group
  }
  const handlesOf = (groups: readonly LogGroup[]) =>
    directory.handlesOf(groups.flatMap(({ assignee }) => (assignee === null ? [] : [assignee])))
  async function view(id: string) {
    const group = await get(id)
    return viewGroup(group, await handlesOf([group]))
  }

  return router({
    list: reading
      .input(LogGroupListInput)
      .output(LogGroupListOutput)
      .query(async ({ input }) => {
        const { status = null, level = null, source = null, search = null, sort, cursor = null, limit } = input
        const { items, nextCursor } = await lists.groups({ status, level, source, search, sort, cursor, limit })
        const handles = await handlesOf(items)
        return { items: items.map((group) => viewGroup(group, handles)), nextCursor }
      }),
    get: reading
      .input(LogGroupInput)
      .output(LogGroupDetail)
      .query(async ({ input: { id } }) => {
        const group = await get(id)
        return viewDetail(group, await handlesOf([group]), await queries.history(id, historyMax))
      }),
    setStatus: changing
      .input(SetLogGroupStatusInput)
      .output(LogGroupView)
      .mutation(async ({ ctx, input: { id, status, until, lines = null, reason, version = null } }) => {
        const move: GroupMove =
          status === 'ignored'
            ? { to: status, until: until === undefined ? null : Date.parse(until), lines }
            : { to: status }
        await moveGroup(ctx.actor, { id, move, reason, version })
        return view(id)
      }),
    assign: changing
      .input(AssignLogGroupInput)
      .output(LogGroupView)
      .mutation(async ({ ctx, input: { id, assignee, version = null } }) => {
        await assignGroup(ctx.actor, { id, assignee, version })
        return view(id)
      }),
  })
}
