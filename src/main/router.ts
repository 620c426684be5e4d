import { pageMaxItems, SystemInfo } from '#contract'
import type { Clock } from '../kernel/clock.ts'
import type { Config } from '../platform/config.ts'
import { type Procedures, router } from '../platform/trpc.ts'
import type { Identity } from './build-identity.ts'
import type { Logscan } from './build-logscan.ts'
import type { Payments } from './build-payments.ts'

interface RouterDeps {
  readonly config: Config
  readonly version: string
  readonly clock: Clock
  readonly procedures: Procedures
  readonly identity: Pick<Identity, 'routerOf'>
  readonly payments: Pick<Payments, 'routersOf'>
  readonly logscan: Pick<Logscan, 'routerOf'>
}

/** Every procedure of the product. */
export function createRouter({ config, version, clock, procedures, identity, payments, logscan }: RouterDeps) {
  const { deposits, wallet, ledger } = payments.routersOf(procedures)
  return router({
    auth: identity.routerOf(procedures),
    wallet,
    deposits,
    logs: logscan.routerOf(procedures),
    admin: router({ ledger }),
    system: router({
      info: procedures.open.output(SystemInfo).query(() => ({
        version,
        serverTime: clock.now().toISOString(),
        limits: {
          bodyMaxBytes: config.BODY_MAX_BYTES,
          batchMaxCalls: config.BATCH_MAX_CALLS,
          pageMaxItems,
          socketWatchesMax: config.SOCKET_WATCHES_MAX,
        },
      })),
    }),
  })
}
