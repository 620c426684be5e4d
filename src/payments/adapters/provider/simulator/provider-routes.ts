import { type Context, Hono } from 'hono'
import type { Clock } from '../../../../kernel/clock.ts'
import type { BehaviourSwitch } from './behaviour.ts'
import { type Charge, canceled, isSameCharge, openCharge, statusAt, withRefund } from './charge.ts'
import type { ChargeStore } from './charge-store.ts'
import { answer, readSignedBody } from './http.ts'
import { Refusal } from './refusal.ts'
import { CancelBody, NewChargeBody, RefundBody } from './wire.ts'

interface ProviderRoutesOptions {
  readonly charges: ChargeStore
  readonly behaviour: BehaviourSwitch
  readonly secret: string
  readonly clock: Clock
  readonly onCharge: (charge: Charge) => void
}

/** An outage in which nobody answers still ends for each caller at some time. */
const hangMaxMs = 120_000

/** What the server that collects payments calls: commands are signed, and an outage hits all of it. */
export function createProviderRoutes({ charges, behaviour, secret, clock, onCharge }: ProviderRoutesOptions): Hono {
  const view = (charge: Charge) => ({ ...charge, status: statusAt(charge, clock.now()) })

  async function requireService(c: Context) {
    if (behaviour.current().outage === 'hang') await behaviour.outageChange(c.req.raw.signal, hangMaxMs)
    if (behaviour.current().outage !== false) throw new Refusal(503, 'outage', 'the simulator plays an outage')
  }

  return new Hono()
    .post('/charges', async (c) => {
      await requireService(c)
      const asked = await readSignedBody(c, NewChargeBody, { secret, clock })
      const known = charges.find(asked.chargeId)
      if (known && !isSameCharge(known, asked))
        throw new Refusal(409, 'charge.mismatch', 'this chargeId was used with another input')
      const charge = known ?? openCharge(asked, clock.now())
      await charges.put(charge)
      if (!known) onCharge(charge)
      return answer(c, view(charge), known ? 200 : 201)
    })
    .get('/charges/by-id/:chargeId', async (c) => {
      await requireService(c)
      return answer(c, view(charges.get(c.req.param('chargeId'))))
    })
    .post('/charges/by-id/:chargeId/cancel', async (c) => {
      await requireService(c)
      const { chargeId } = await readSignedBody(c, CancelBody, { secret, clock })
      requireSame(chargeId, c.req.param('chargeId'))
      const charge = canceled(charges.get(chargeId))
      await charges.put(charge)
      return answer(c, view(charge))
    })
    .post('/charges/by-id/:chargeId/refunds', async (c) => {
      await requireService(c)
      const { chargeId, refundId, transactionId, amount } = await readSignedBody(c, RefundBody, { secret, clock })
      requireSame(chargeId, c.req.param('chargeId'))
      const charge = withRefund(charges.get(chargeId), { refundId, transactionId, ...amount })
      await charges.put(charge)
      return answer(c, { refundId, charge: view(charge) })
    })
}

function requireSame(inBody: string, inPath: string): void {
  const issues = [{ field: 'chargeId', rule: 'must be the one in the path' }]
  if (inBody !== inPath) throw new Refusal(400, 'body.invalid', 'chargeId: must be the one in the path', issues)
}
