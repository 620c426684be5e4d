import { expect, it } from 'vitest'
import { backends } from '../support/backends.ts'
import { openProduct } from '../support/product.ts'
import { idr, newKey, signUp } from '../support/sdk.ts'

const [embedded] = backends

it('lists whose every field may be absent need no input at all', async () => {
  await using product = await openProduct(embedded!)
  const { url } = product.app
  const { client } = await signUp(url)
  const { id } = await client.deposits.create.mutate({ amount: idr(50_000), method: 'qr', idempotencyKey: newKey() })
  const [{ items }, transactions] = await Promise.all([
    client.deposits.list.query(),
    client.wallet.transactions.query(),
  ])
  expect(items).toMatchObject([{ id }])
  expect(transactions).toEqual({ items: [], nextCursor: null })

  const { accessToken } = (await client.session.current())!
  const get = async (query: string) => {
    const headers = { authorization: `Bearer ${accessToken}` }
    return (await fetch(`${url}/trpc/${query}`, { headers })).json()
  }
  expect(await get('deposits.list')).toMatchObject({ result: { data: { items: [{ id }] } } })
  const batched = await get('deposits.list,wallet.transactions?batch=1')
  expect(batched).toMatchObject([{ result: { data: { items: [{ id }] } } }, { result: { data: { items: [] } } }])
  const refused = await get(`deposits.list?input=${encodeURIComponent('null')}`)
  expect(refused).toMatchObject({ error: { data: { xm: { code: 'input.invalid' } } } })
})
