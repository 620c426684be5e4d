import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import type { Clock } from '../../../../kernel/clock.ts'
import type { ChargeStatus } from '../../../domain/gateway.ts'
import { BehaviourPatch, type BehaviourSwitch, DeliveryWish } from './behaviour.ts'
import { type Charge, statusAt } from './charge.ts'
import type { ChargeStore } from './charge-store.ts'
import type { Deliveries } from './deliveries.ts'
import { answer, readBody } from './http.ts'
import { PayBody, type PayerDesk, type Receipt, TakebackBody } from './payer-desk.ts'

interface TesterRoutesOptions {
  readonly charges: ChargeStore
  readonly desk: PayerDesk
  readonly behaviour: BehaviourSwitch
  readonly deliveries: Deliveries
  readonly clock: Clock
}

/** What a tester plays: the payer, the provider's whims, and a look at what was sent. Nothing here is signed. */
export function createTesterRoutes({ charges, desk, behaviour, deliveries, clock }: TesterRoutesOptions): Hono {
  const view = (charge: Charge) => ({ ...charge, status: statusAt(charge, clock.now()) })

  /** Reads the body before the charge, so that nothing changes between reading and changing the charge. */
  function act<T extends z.ZodType>(schema: T, action: (charge: Charge, body: z.output<T>) => Promise<Receipt>) {
    return async (c: Context<object, '/charges/:reference/:action'>) => {
      const body = await readBody(c, schema)
      const { charge, eventId, sendings } = await action(charges.newestOn(c.req.param('reference')), body)
      return answer(c, { charge: view(charge), notice: { eventId, sendings } })
    }
  }

  const mark = (status: ChargeStatus) => act(DeliveryWish, (charge, wish) => desk.mark(charge, status, wish))

  return new Hono()
    .get('/charges/:reference', (c) => answer(c, view(charges.newestOn(c.req.param('reference')))))
    .post('/charges/:reference/pay', act(PayBody, desk.pay))
    .post('/charges/:reference/refund', act(TakebackBody, desk.refund))
    .post('/charges/:reference/reverse', act(DeliveryWish, desk.reverse))
    .post('/charges/:reference/deny', mark('denied'))
    .post('/charges/:reference/expire', mark('expired'))
    .post('/charges/:reference/processing', mark('processing'))
    .get('/behaviour', (c) => answer(c, behaviour.current()))
    .patch('/behaviour', async (c) => answer(c, behaviour.change(await readBody(c, BehaviourPatch))))
    .get('/deliveries', (c) => {
      const reference = c.req.query('reference')
      const wanted = deliveries.attempts().filter((attempt) => !reference || attempt.reference === reference)
      return answer(c, { waiting: deliveries.waiting(), items: wanted.toReversed() })
    })
    .get('/healthz', (c) => answer(c, { status: 'ok', charges: charges.size, noticesWaiting: deliveries.waiting() }))
}
