import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { initTRPC } from '@trpc/server'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import type { z } from 'zod'
import { BalancesOutput, DepositListInput, DepositListOutput, MeOutput } from '#contract'
import { answerParent } from './parent-link.ts'

/**
 * The queries of the bench on tRPC's own adapter, with the contract's schemas and without anything of ours: no sign-in,
 * no database, no limits. The answers are given.
 */
interface Answers {
  readonly me: z.output<typeof MeOutput>
  readonly balances: z.output<typeof BalancesOutput>
  readonly list: z.output<typeof DepositListOutput>
}

let answers: Answers | null = null
const given = () => {
  if (answers === null) throw new Error('not prepared')
  return answers
}

const { procedure, router } = initTRPC.create()
const server = createHTTPServer({
  basePath: '/trpc/',
  router: router({
    auth: router({ me: procedure.output(MeOutput).query(() => given().me) }),
    wallet: router({ balances: procedure.output(BalancesOutput).query(() => given().balances) }),
    deposits: router({
      list: procedure
        .input(DepositListInput)
        .output(DepositListOutput)
        .query(() => given().list),
    }),
  }),
})
server.keepAliveTimeout = 65_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')

answerParent(
  {
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    prepare: (input: Answers) => {
      answers = input
    },
  },
  () => server.closeAllConnections(),
)
