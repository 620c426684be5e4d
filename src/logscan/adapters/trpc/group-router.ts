import {
  AssignLogGroupInput,
  LogGroupDetail,
  LogGroupInput,
  LogGroupListInput,
  LogGroupListOutput,
  LogGroupView,
  MergeLogGroupsInput,
  SetLogGroupStatusInput,
  SplitLogGroupInput,
} from '#contract'
import { DomainError } from '../../../kernel/errors.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { assignGroup } from '../../app/assign-group.ts'
import type { mergeGroups, splitGroup } from '../../app/merge-groups.ts'
import type { moveGroup } from '../../app/move-group.ts'
import type { GroupMove } from '../../domain/group/group-status.ts'
import type { LogGroup } from '../sequelize/group-rows.ts'
import type { LogLists } from '../sequelize/log-lists.ts'
import type { LogQueries } from '../sequelize/log-queries.ts'
import { logAccess } from './access.ts'
import { viewDetail, viewGroup } from './views.ts'

export interface GroupRouterDeps {
  readonly lists: Pick<LogLists, 'groups'>
  readonly queries: Pick<LogQueries, 'group' | 'history' | 'members'>
  readonly directory: { handlesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> }
  readonly moveGroup: ReturnType<typeof moveGroup>
  readonly assignGroup: ReturnType<typeof assignGroup>
  readonly mergeGroups: ReturnType<typeof mergeGroups>
  readonly splitGroup: ReturnType<typeof splitGroup>
}

const historyMax = 100

export function createGroupRouter(procedures: Procedures, deps: GroupRouterDeps) {
  const { lists, queries, directory, moveGroup, assignGroup, mergeGroups, splitGroup } = deps
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
        const [history, members] = await Promise.all([queries.history(id, historyMax), queries.members(id)])
        return viewDetail(group, await handlesOf([group]), history, members)
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
    merge: changing
      .input(MergeLogGroupsInput)
      .output(LogGroupView)
      .mutation(async ({ ctx, input: { into, groups, reason } }) => {
        await mergeGroups(ctx.actor, { into, groups, reason })
        return view(into)
      }),
    split: changing
      .input(SplitLogGroupInput)
      .output(LogGroupView)
      .mutation(async ({ ctx, input: { id, reason } }) => {
        await splitGroup(ctx.actor, { id, reason })
        return view(id)
      }),
  })
}
