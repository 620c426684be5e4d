import {
  CreateDepositInput,
  DepositIdInput,
  DepositListInput,
  DepositListOutput,
  DepositMethodsOutput,
  DepositTimelineOutput,
  DepositView,
} from '#contract'
import type { Clock } from '../../../kernel/clock.ts'
import { pageRequest } from '../../../kernel/page.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { cancelDeposit } from '../../app/cancel-deposit.ts'
import type { createDeposit } from '../../app/create-deposit.ts'
import type { Gateways } from '../../app/ports.ts'
import type { readDeposits } from '../../app/read-deposits.ts'
import { viewDeposit, viewMethod, viewStep } from '../views.ts'

interface DepositRouterDeps {
  readonly clock: Clock
  readonly gateways: Gateways
  readonly createDeposit: ReturnType<typeof createDeposit>
  readonly cancelDeposit: ReturnType<typeof cancelDeposit>
  readonly readDeposits: ReturnType<typeof readDeposits>
}

export function createDepositRouter({ authed }: Procedures, deps: DepositRouterDeps) {
  const { clock, gateways, createDeposit, cancelDeposit, readDeposits } = deps
  const view = (deposit: Parameters<typeof viewDeposit>[0]) => viewDeposit(deposit, clock.now())
  return router({
    methods: authed.output(DepositMethodsOutput).query(() => ({ methods: gateways.methods().map(viewMethod) })),
    create: authed
      .input(CreateDepositInput)
      .output(DepositView)
      .mutation(async ({ ctx, input }) => {
        const { amount, method, idempotencyKey } = input
        const asked = { minor: BigInt(amount.minor), currency: amount.currency }
        return view(await createDeposit(ctx.actor, { amount: asked, method, idempotencyKey }))
      }),
    get: authed
      .input(DepositIdInput)
      .output(DepositView)
      .query(async ({ ctx, input }) => view(await readDeposits.get(ctx.actor, input.id))),
    list: authed
      .input(DepositListInput)
      .output(DepositListOutput)
      .query(async ({ ctx, input }) => {
        const { items, nextCursor } = await readDeposits.list(ctx.actor, pageRequest(input), input.status ?? null)
        return { items: items.map(view), nextCursor }
      }),
    cancel: authed
      .input(DepositIdInput)
      .output(DepositView)
      .mutation(async ({ ctx, input }) => view(await cancelDeposit(ctx.actor, input.id))),
    timeline: authed
      .input(DepositIdInput)
      .output(DepositTimelineOutput)
      .query(async ({ ctx, input }) => ({ entries: (await readDeposits.timeline(ctx.actor, input.id)).map(viewStep) })),
  })
}
