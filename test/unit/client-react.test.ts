import { setTimeout as sleep } from 'node:timers/promises'
import { Window } from 'happy-dom'
import { act, createElement, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient, type XmClient } from '#client'
import { useDepositTimer, useWallet } from '../../client-sdk/src/react/index.ts'
import { balance, startFixture, until } from '../support/client-fixture.ts'

let window: Window
let root: Root
let element: { textContent: string | null }
let renders = 0
const complaints = vi.fn()

beforeEach(() => {
  window = new Window()
  vi.stubGlobal('window', window)
  vi.stubGlobal('document', window.document)
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  vi.spyOn(console, 'error').mockImplementation(complaints)
  const container = window.document.createElement('div')
  element = container
  root = createRoot(container as unknown as Parameters<typeof createRoot>[0])
  renders = 0
})
afterEach(async () => {
  await window.happyDOM.close()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

function Timer({ client, id }: { client: XmClient; id: string | null }) {
  renders += 1
  const { remainingMs, deposit, result, error, status } = useDepositTimer(client, id, { tickMs: 100 })
  const seconds = remainingMs === null ? '-' : Math.ceil(remainingMs / 1000)
  return `${status} ${deposit?.version ?? '-'} ${seconds} ${result ?? '-'} ${error?.code ?? '-'}`
}
const Wallet = ({ client }: { client: XmClient }) => {
  const { balances, status } = useWallet(client)
  return `${status} ${balances?.map(({ posted }) => posted) ?? '-'}`
}
const show = (type: typeof Timer, props: { client: XmClient; id: string | null }) =>
  act(async () => root.render(createElement(StrictMode, null, createElement(type, props))))

/** Lets time pass inside of act, where React flushes what it was told, until the page starts with the text. */
async function shows(text: string) {
  const endMs = performance.now() + 5_000
  while (!element.textContent?.startsWith(text)) {
    if (performance.now() > endMs) throw new Error(`never showed ${text}, but ${element.textContent}`)
    await act(() => sleep(5))
  }
}

async function signedIn() {
  const server = await startFixture()
  const client = createClient({ url: server.url })
  await client.auth.login.mutate({ login: 'ana', password: 'correct horse' })
  return { server, client }
}

test('a deposit is followed under StrictMode, from one to the next, and let go at the end', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const first = server.put(1)
  const second = server.put(2, { version: 7 })
  await show(Timer, { client, id: null })
  expect(element.textContent).toBe('idle - - - -')
  await show(Timer, { client, id: first.id })
  await shows('live 1 60 - -')
  const paid = { ...first, status: 'settled', version: 2 } as const
  server.push('payment:result', { eventId: 'p', depositId: first.id, result: 'paid', deposit: paid })
  await shows('live 2 - paid -')
  await show(Timer, { client, id: second.id })
  await shows('live 7 60 - -')
  server.push('deposit:changed', { ...first, version: 9 })
  await act(() => until(() => server.watched.includes(`unwatch ${first.id}`)))
  expect(element.textContent).toContain('live 7')
  await show(Timer, { client, id: server.uuid(404) })
  await shows('failed - - - deposit.not_found')
  await show(Timer, { client, id: second.id })
  await shows('live 7 60 - -')
  await act(async () => root.unmount())
  const rendered = renders
  await until(() => client.realtime.status === 'idle')
  expect(renders).toBe(rendered)
  expect(complaints).not.toHaveBeenCalled()
})

test('a line that is down shows as reconnecting, and what was missed is made up for', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  const view = server.put(1)
  await show(Timer, { client, id: view.id })
  await shows('live 1 60 - -')
  server.put(1, { status: 'expired', version: 3 })
  server.cut()
  await shows('reconnecting 1')
  await shows('live 3 - expired -')
  await act(async () => root.unmount())
  expect(complaints).not.toHaveBeenCalled()
})

test('the wallet shows its balances and their changes', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  await act(async () => root.render(createElement(StrictMode, null, createElement(Wallet, { client }))))
  await shows('live 100')
  // The socket may still be connecting: a change pushed before is part of the snapshot then.
  await act(() => until(() => client.realtime.status === 'connected' && server.watched.includes('resume 0')))
  server.push('wallet:changed', {
    eventId: 'e',
    version: 2,
    balance: balance('250', 2),
    serverTime: server.iso(server.nowMs()),
  })
  await shows('live 250')
  await act(async () => root.unmount())
})

test('the wallet of one user is never shown to the next', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.state.balances = [balance('100', 9)]
  await act(async () => root.render(createElement(StrictMode, null, createElement(Wallet, { client }))))
  await shows('live 100')
  await act(() => until(() => client.realtime.status === 'connected'))
  await act(() => client.auth.logout.mutate())
  await shows('failed -')
  server.state.balances = [{ ...balance('7', 1), currency: 'USD' }]
  await act(() => client.auth.login.mutate({ login: 'bob', password: 'correct horse' }))
  await shows('live 7')
  expect(element.textContent).toBe('live 7')
  // Without leaving first, too; what the answers of before say comes too late.
  server.state.balancesMs = 100
  await act(() => client.realtime.close())
  await act(() => client.realtime.connect())
  server.state.balances = []
  server.state.balancesMs = 0
  await act(() => client.auth.login.mutate({ login: 'cleo', password: 'correct horse' }))
  await shows('live ')
  await act(() => sleep(300))
  expect(element.textContent).toBe('live ')
  await act(async () => root.unmount())
})

test('a wallet whose question was answered late shows what was pushed since', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  client.realtime.connect()
  await until(() => client.realtime.status === 'connected')
  server.state.balancesMs = 200
  await act(async () => root.render(createElement(StrictMode, null, createElement(Wallet, { client }))))
  await act(() => until(() => server.watched.includes('resume 0')))
  const serverTime = server.iso(server.nowMs())
  server.push('wallet:changed', { eventId: 'e', version: 2, balance: balance('250', 2), serverTime })
  await shows('live 250')
  await act(() => sleep(400))
  expect(element.textContent).toBe('live 250')
  await act(async () => root.unmount())
})

test('a wallet that was answered ahead of its pushes does not go back', async () => {
  const { server, client } = await signedIn()
  await using _ = server
  server.state.balances = [balance('400', 4)]
  const versions: number[] = []
  const feed = client.realtime.onWalletChanged(({ version }) => versions.push(version))
  await until(() => versions.includes(4))
  server.state.balances = [balance('600', 6)]
  await act(async () => root.render(createElement(StrictMode, null, createElement(Wallet, { client }))))
  await shows('live 600')
  const serverTime = server.iso(server.nowMs())
  const push = (posted: string, version: number) =>
    server.push('wallet:changed', { eventId: posted, version, balance: balance(posted, version), serverTime })
  push('500', 5)
  await act(() => until(() => versions.includes(5)))
  expect(element.textContent).toBe('live 600')
  push('700', 7)
  await shows('live 700')
  feed.stop()
  await act(async () => root.unmount())
})

test('hooks render on a server without opening anything', () => {
  const client = createClient({ url: 'http://127.0.0.1:1' })
  expect(renderToString(createElement(Timer, { client, id: 'x' }))).toBe('loading - - - -')
  expect(renderToString(createElement(Wallet, { client }))).toBe('loading -')
  expect(client.realtime.status).toBe('idle')
})
