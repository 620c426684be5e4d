import { createApp } from '../../src/main/app.ts'
import { readConfig } from '../../src/platform/config.ts'
import { addAccounts, addDeposits } from './money-rows.ts'
import { answerParent } from './parent-link.ts'

/** The product as `npm start` runs it. */
const app = await createApp(readConfig())

answerParent(
  {
    url: () => app.url,
    /** Gives the user balances in two currencies and pending deposits. Returns the ids of the deposits. */
    fill: async ({ userId, deposits }: { userId: string; deposits: number }) => {
      await addAccounts(app.database, [userId], ['IDR', 'USD'])
      return (
        await addDeposits(
          app.database,
          Array.from({ length: deposits }, () => userId),
        )
      ).map(({ id }) => id)
    },
  },
  async () => app[Symbol.asyncDispose](),
)
