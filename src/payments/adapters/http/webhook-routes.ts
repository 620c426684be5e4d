import { Hono } from 'hono'
import type { receiveNotice } from '../../app/receive-notice.ts'

type ReceiveNotice = ReturnType<typeof receiveNotice>

/** `POST /webhooks/:provider`: the raw body is verified and stored, then acknowledged; acting upon it comes after. */
export function webhookRoutes(receiveNotice: ReceiveNotice): Hono {
  const routes = new Hono()
  routes.post('/:provider', async (context) => {
    const body = new Uint8Array(await context.req.arrayBuffer())
    const { duplicate } = await receiveNotice(context.req.param('provider'), body, (name) => context.req.header(name))
    return context.json({ received: true, duplicate })
  })
  return routes
}
