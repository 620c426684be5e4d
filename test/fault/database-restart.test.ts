import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, inject, it } from 'vitest'
import { type DepositView, isXmError } from '#client'
import { countByStatus, isQuiet, timesAnnounced } from '../support/money-facts.ts'
import { alsoAt, atSimulator, balanceOf, openDeposit, price, signUp } from '../support/payer.ts'
import { createDatabase, hasMariadb, startPrivateMariadb } from '../support/private-mariadb.ts'
import { openSite } from '../support/site.ts'

const redisUrl = inject('redisUrl')
const patiently = { timeout: 40_000, interval: 100 }

describe.runIf(hasMariadb() && redisUrl !== undefined)(
  'two nodes whose MariaDB is killed and comes back under load',
  () => {
    it('say so to every caller, recover by themselves, and credit every payment once', {
      timeout: 150_000,
    }, async () => {
      await using server = await startPrivateMariadb()
      await using mysql = await createDatabase(server.url)
      await using site = await openSite({
        env: { MYSQL_URL: mysql.url, REDIS_URL: String(redisUrl), REDIS_PREFIX: `dbaway${process.pid}:` },
      })
      const { database } = site
      const [first, second] = await Promise.all([site.startNode(), site.startNode()])
      using client = await signUp(first.url, { retriesMax: 0 })
      using other = await alsoAt(second.url, client, { retriesMax: 0 })

      const deposits: DepositView[] = []
      const refusals: { code: string; status: number | null }[] = []
      const surprises: unknown[] = []
      let loaded = true
      async function load(by: typeof client): Promise<void> {
        while (loaded) {
          try {
            const deposit = await openDeposit(by)
            deposits.push(deposit)
            await atSimulator(site.simulatorUrl, deposit, 'pay')
            await by.wallet.balances.query()
          } catch (error) {
            if (isXmError(error)) refusals.push({ code: error.code, status: error.status })
            else surprises.push(error)
          }
          await pause(20)
        }
      }
      const loading = [load(client), load(client), load(other), load(other)]
      await pause(1_500)
      await server.kill()
      const before = deposits.length
      await pause(1_500)
      const unready = await fetch(`${first.url}/readyz`)
      expect(unready.status).toBe(503)
      await server.restart()
      await expect.poll(() => deposits.length, patiently).toBeGreaterThan(before + 20)
      // In order, this time: the server says good-bye to its connections.
      const beforeSecond = deposits.length
      await server.restart()
      await expect.poll(() => deposits.length, patiently).toBeGreaterThan(beforeSecond + 20)
      loaded = false
      await Promise.all(loading)

      expect(surprises).toEqual([])
      expect(refusals.length).toBeGreaterThan(0)
      expect(refusals.filter(({ code, status }) => code !== 'service.unavailable' || status !== 503)).toEqual([])
      expect([first.running, second.running]).toEqual([true, true])
      const ids = deposits.map(({ id }) => id)
      await expect.poll(() => countByStatus(database, ids), patiently).toEqual({ settled: deposits.length })
      await expect.poll(() => isQuiet(database), patiently).toBe(true)
      expect(await timesAnnounced(database, 'payment.paid', ids)).toEqual(new Map(ids.map((id) => [id, 1])))
      expect(await balanceOf(client)).toBe(String(deposits.length * Number(price)))
      expect(await site.ledgerFaults()).toEqual([])
      expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
      console.info({ deposits: deposits.length, refusals: refusals.length })
    })
  },
)
