import { z } from 'zod'

const delayMaxMs = 24 * 3600_000
const delayMs = z.number().int().min(0).max(delayMaxMs)
const rate = z.number().min(0).max(1)

export const Behaviour = z.strictObject({
  /** Pause before each notice. */
  delayMs: delayMs,
  /** Share of notices that are never sent. */
  lossRate: rate,
  /** Share of notices that are sent twice. */
  duplicateRate: rate,
  /** Lets notices overtake each other. */
  outOfOrder: z.boolean(),
  /** `true`: 503 for us and no notices; `"hang"`: no answer for us at all. A tester is answered all the same. */
  outage: z.union([z.boolean(), z.literal('hang')]),
  /** Every new charge pays itself after this; null: none does. */
  autoPayAfterMs: delayMs.nullable(),
})
export type Behaviour = Readonly<z.output<typeof Behaviour>>

export const BehaviourPatch = Behaviour.partial()

const soundBehaviour: Behaviour = {
  delayMs: 0,
  lossRate: 0,
  duplicateRate: 0,
  outOfOrder: false,
  outage: false,
  autoPayAfterMs: null,
}

/** How a tester wants one notice delivered; without `deliver` the behaviour's rates decide. */
export const DeliveryWish = z.strictObject({
  deliver: z.enum(['once', 'twice', 'never', 'late', 'forged']).optional(),
  delayMs: delayMs.optional(),
})
export type DeliveryWish = z.output<typeof DeliveryWish>

/** One sending of a notice. A notice that is planned no sending is lost. */
export interface PlannedSending {
  readonly delayMs: number
  readonly forged: boolean
}

const lateMs = 3000
const overtakingMaxMs = 2000

/** Decides when and how often a notice is sent. `random` gives numbers from 0 to below 1. */
export function planSendings(behaviour: Behaviour, wish: DeliveryWish, random: () => number): PlannedSending[] {
  const once = (delayMs: number, forged = false) => ({ delayMs: wish.delayMs ?? delayMs, forged })
  const overtakenMs = behaviour.outOfOrder ? Math.floor(random() * overtakingMaxMs) : 0
  const sending = once(behaviour.delayMs + overtakenMs)
  switch (wish.deliver) {
    case 'once':
      return [sending]
    case 'twice':
      return [sending, sending]
    case 'never':
      return []
    case 'late':
      return [once(lateMs)]
    case 'forged':
      return [once(behaviour.delayMs, true)]
    case undefined:
      if (random() < behaviour.lossRate) return []
      return random() < behaviour.duplicateRate ? [sending, sending] : [sending]
  }
}

export interface BehaviourSwitch {
  current(): Behaviour
  change(patch: z.output<typeof BehaviourPatch>): Behaviour
  /** Resolves when the outage changes or the caller gives up, at the latest after `maxMs`. */
  outageChange(signal: AbortSignal, maxMs: number): Promise<void>
  release(): void
}

export function createBehaviourSwitch(initial: Partial<Behaviour>): BehaviourSwitch {
  let behaviour: Behaviour = { ...soundBehaviour, ...initial }
  const hanging = new Set<() => void>()

  function release() {
    for (const letGo of hanging) letGo()
  }

  return {
    current: () => behaviour,
    change(patch) {
      const given = Object.entries(patch).filter(([, value]) => value !== undefined)
      const before = behaviour.outage
      behaviour = { ...behaviour, ...Object.fromEntries(given) }
      if (behaviour.outage !== before) release()
      return behaviour
    },
    outageChange(signal, maxMs) {
      return new Promise((resolve) => {
        const letGo = () => {
          hanging.delete(letGo)
          clearTimeout(timer)
          signal.removeEventListener('abort', letGo)
          resolve()
        }
        const timer = setTimeout(letGo, maxMs)
        hanging.add(letGo)
        signal.addEventListener('abort', letGo)
        if (signal.aborted) letGo()
      })
    },
    release,
  }
}
