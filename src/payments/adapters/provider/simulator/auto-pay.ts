import type { Clock } from '../../../../kernel/clock.ts'
import type { Logger } from '../../../../platform/log.ts'
import type { BehaviourSwitch } from './behaviour.ts'
import { type Charge, statusAt } from './charge.ts'
import type { ChargeStore } from './charge-store.ts'
import type { PayerDesk } from './payer-desk.ts'

export interface AutoPay extends Disposable {
  onCharge(charge: Charge): void
}

interface AutoPayOptions {
  readonly charges: ChargeStore
  readonly desk: PayerDesk
  readonly behaviour: BehaviourSwitch
  readonly clock: Clock
  readonly log: Logger
}

/** Pays new charges by itself while the behaviour says so; one that is over by then, or paid, stays as it is. */
export function createAutoPay({ charges, desk, behaviour, clock, log }: AutoPayOptions): AutoPay {
  const timers = new Set<NodeJS.Timeout>()

  async function pay(chargeId: string) {
    const charge = charges.find(chargeId)
    if (charge && statusAt(charge, clock.now()) === 'open') await desk.pay(charge, {})
  }

  return {
    onCharge({ chargeId }) {
      const { autoPayAfterMs } = behaviour.current()
      if (autoPayAfterMs === null) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        pay(chargeId).catch((error: unknown) => log.error({ err: error, chargeId }, 'a charge could not pay itself'))
      }, autoPayAfterMs)
      timers.add(timer)
    },
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
