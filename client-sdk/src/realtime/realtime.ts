import { createServerClock } from '../server-clock.ts'
import { subscription } from '../subscription.ts'
import { createConnection } from './connection.ts'
import { createDepositWatches } from './deposit-watches.ts'
import { keepAlive } from './liveness.ts'
import { createLogWatch } from './log-watch.ts'
import { createResume } from './resume.ts'
import type { Realtime } from './surface.ts'
import { createWalletFeed } from './wallet-feed.ts'

export function createRealtime(deps: Parameters<typeof createConnection>[0]): Realtime {
  const connection = createConnection(deps)
  const clock = createServerClock()
  const wallet = createWalletFeed(connection, () => resume([]))
  const watches = createDepositWatches({ connection, clock, resume: (ids) => resume(ids) })
  const resume = createResume({ connection, clock, watches, wallet })
  const logs = createLogWatch(connection)
  keepAlive({ connection, watches, wallet, resume })

  return {
    get status() {
      return connection.status
    },
    onStatus: (listener) => connection.statuses.add(listener),
    watchDeposit: (depositId, handlers) => watches.add(depositId, handlers),
    watchLogs: (handlers) => logs.add(handlers),
    onWalletChanged: (listener) => wallet.add(listener),
    on(event, listener) {
      const hold = connection.hold()
      const heard = connection.on(event, listener)
      return subscription(() => {
        heard.stop()
        hold.stop()
      })
    },
    connect: () => connection.open(),
    close: () => connection.close(),
  }
}
