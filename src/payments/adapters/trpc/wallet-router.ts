import { BalancesOutput, TransactionsInput, TransactionsOutput, TransactionView, TransferInput } from '#contract'
import { pageRequest } from '../../../kernel/page.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { PaymentsStore, UserDirectory, WalletTransaction } from '../../app/ports.ts'
import type { transfer } from '../../app/transfer.ts'
import { viewBalance, viewTransaction } from '../views.ts'

interface WalletRouterDeps {
  readonly wallets: PaymentsStore['wallets']
  readonly directory: UserDirectory
  readonly transfer: ReturnType<typeof transfer>
}

export function createWalletRouter({ authed }: Procedures, { wallets, directory, transfer }: WalletRouterDeps) {
  async function view(transactions: readonly WalletTransaction[]) {
    const others = transactions.flatMap(({ counterpartyId }) => (counterpartyId === null ? [] : [counterpartyId]))
    const handles = await directory.handlesOf([...new Set(others)])
    return transactions.map((transaction) => viewTransaction(transaction, handles))
  }
  return router({
    balances: authed
      .output(BalancesOutput)
      .query(async ({ ctx }) => ({ balances: (await wallets.balances(ctx.actor.userId)).map(viewBalance) })),
    transactions: authed
      .input(TransactionsInput)
      .output(TransactionsOutput)
      .query(async ({ ctx, input }) => {
        const { items, nextCursor } = await wallets.transactions(
          ctx.actor.userId,
          pageRequest(input),
          input.currency ?? null,
        )
        return { items: await view(items), nextCursor }
      }),
    transfer: authed
      .input(TransferInput)
      .output(TransactionView)
      .mutation(async ({ ctx, input }) => {
        const { to, amount, note, idempotencyKey } = input
        const asked = { minor: BigInt(amount.minor), currency: amount.currency }
        const moved = await transfer(ctx.actor, { to, amount: asked, note: note ?? null, idempotencyKey })
        const handles = await directory.handlesOf(moved.counterpartyId === null ? [] : [moved.counterpartyId])
        return viewTransaction(moved, handles)
      }),
  })
}
