import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends } from '../support/backends.ts'
import { hasBrowser, openBrowser, servePage } from '../support/browser.ts'
import { startFixture } from '../support/client-fixture.ts'
import { type Consumer, createConsumer, typeScriptVersions } from '../support/consumer-project.ts'
import { openProduct } from '../support/product.ts'

const bundleMaxBytes = 25_000
const [embedded] = backends
let consumer: Consumer

beforeAll(async () => {
  consumer = await createConsumer()
  await mkdir(join(consumer.folder, 'node_modules/@types'), { recursive: true })
  for (const name of ['react', 'react-dom', '@types/react', 'csstype']) await consumer.borrow(name)
}, 240_000)
afterAll(() => consumer?.[Symbol.asyncDispose]())

const right = `
import { createClient, isXmError, newIdempotencyKey, type DepositView, type XmClient } from '@xm/client'
import { useDepositTimer, useWallet } from '@xm/client/react'

const client: XmClient = createClient({ url: 'http://localhost', storage: { get: async () => null, set() {}, remove() {} } })
export const deposit: Promise<DepositView> = client.deposits.create.mutate({
  amount: { minor: '1', currency: 'IDR' },
  method: 'va',
  idempotencyKey: newIdempotencyKey(),
})
export async function all(): Promise<string[]> {
  const statuses: string[] = []
  for await (const { status } of client.paginate(client.deposits.list, { status: 'settled' })) statuses.push(status)
  return statuses
}
export async function first() {
  const deposits = await client.deposits.list.query()
  const transactions = await client.wallet.transactions.query(undefined, { timeoutMs: 1000 })
  for await (const { id } of client.paginate(client.deposits.list)) return id
  for await (const { kind } of client.paginate(client.wallet.transactions, {})) return kind
  return [deposits.items[0]?.status, transactions.nextCursor?.length, await client.auth.sessions.query()]
}
export function use(id: string) {
  using watch = client.realtime.watchDeposit(id, { onResult: ({ result }) => result === 'paid' })
  return [useDepositTimer(client, id).remainingMs?.toFixed(), useWallet(client).balances?.[0]?.available, watch]
}
export const bounds = (error: unknown) =>
  isXmError(error, 'deposit.amount_out_of_range') ? [error.details.minMinor, error.requestId?.length] : error
export const ledger = async () => (await client.admin.ledger.verify.query()).ok
`

/** Each line is wrong in one way. */
const wrong = [
  `client.deposits.create.mutate({ amount: { minor: 1, currency: 'IDR' }, method: 'va', idempotencyKey: '12345678' })`,
  `client.deposits.create.mutate({ amount: { minor: '1', currency: 'EUR' }, method: 'va', idempotencyKey: '12345678' })`,
  `client.deposits.create.mutate({ amount: { minor: '1', currency: 'IDR' }, method: 'va' })`,
  `client.deposits.create.mutate()`,
  `client.deposits.create.query({ id: '' })`,
  `client.deposits.get.query()`,
  `client.deposits.list.query({ limit: '1' })`,
  `client.deposits.list.query({}, { timeoutMs: '1' })`,
  `client.deposits.get.mutate({ id: '' })`,
  `client.deposits.refund`,
  `client.auth.me.query({ id: '' })`,
  `client.auth.login.mutate({ login: 'ana' })`,
  `client.wallet.balances.query().then(({ balances }) => balances[0].free)`,
  `client.paginate(client.deposits.list, { status: 'done' })`,
  `client.paginate(client.deposits.list, { cursor: '' })`,
  `client.paginate(client.deposits.get, {})`,
  `client.realtime.watchDeposit(1, {})`,
  `client.realtime.watchDeposit('', { onResult: ({ result }) => result === 'refunded' })`,
  `client.realtime.on('deposit:gone', () => {})`,
  `isXmError(null, 'deposit.gone')`,
  `createClient({})`,
]
const wrongFile = (guard: string) =>
  `import { createClient, isXmError } from '@xm/client'\nconst client = createClient({ url: '' })\n` +
  wrong.map((line, n) => `${guard}\nexport const wrong${n} = () => ${line}\n`).join('')

async function codeOfReadme(): Promise<string[]> {
  const readme = await readFile('client-sdk/README.md', 'utf8')
  const prelude = `import { createClient } from '@xm/client'\nconst client = createClient({ url: '' })\n`
  const blocks = [...readme.matchAll(/```(tsx?)\n(.*?)```/gs)]
  return Promise.all(
    blocks.map(async ([, extension, code = ''], n) => {
      const complete = code.includes('createClient') ? code : prelude + code
      await consumer.write(`readme-${n}.${extension}`, `${complete}\nexport {}\n`)
      return `readme-${n}.${extension}`
    }),
  )
}

describe.each(typeScriptVersions)('with TypeScript %s', { timeout: 180_000 }, (version) => {
  test('right calls compile, libraries checked, with no library but ES2022', async () => {
    await consumer.write('right.ts', right)
    expect(await consumer.typeCheck(version, ['right.ts'])).toEqual([])
    const bundler = {
      module: 'esnext',
      moduleResolution: 'bundler',
      exactOptionalPropertyTypes: true,
      lib: ['es2022', 'dom'],
    }
    await consumer.write(
      'dom.ts',
      `import { createClient } from '@xm/client'\ncreateClient({ url: new URL(location.href), fetch })`,
    )
    await consumer.write(
      'contract.ts',
      `import { DepositView } from '@xm/client/contract'\nDepositView.parse({}).id.length`,
    )
    expect(await consumer.typeCheck(version, ['right.ts', 'dom.ts', 'contract.ts'], bundler)).toEqual([])
  })

  test('each wrong call is refused', async () => {
    await consumer.write('wrong.ts', wrongFile('// @ts-expect-error'))
    expect(await consumer.typeCheck(version, ['wrong.ts'])).toEqual([])
    await consumer.write('wrong.ts', wrongFile('//'))
    const complaints = await consumer.typeCheck(version, ['wrong.ts'])
    expect(new Set(complaints.map((line) => line.replace(/,.*/, ''))).size).toBe(wrong.length)
  })

  test('the code of the README compiles', async () => {
    const files = await codeOfReadme()
    expect(files.length).toBeGreaterThan(6)
    const options = { lib: ['es2022', 'esnext.disposable', 'dom'], jsx: 'react-jsx' }
    expect(await consumer.typeCheck(version, files, options)).toEqual([])
  })
})

test('declarations of the client name no package and no path of the repository, and carry the contract as text', async () => {
  const dist = join(consumer.folder, 'node_modules/@xm/client/dist')
  const paths = (await readdir(dist, { recursive: true })).filter((path) => path.endsWith('.d.ts'))
  for (const path of paths.filter((path) => !path.startsWith('contract/'))) {
    const text = await readFile(join(dist, path), 'utf8')
    expect(text, path).not.toMatch(/zod|@trpc|sequelize|socket\.io|src\/|\.ts['"]/)
  }
  const api = await readFile(join(dist, 'api.d.ts'), 'utf8')
  expect(api).toContain('create: Mutation<CreateDepositInput, DepositView>')
  expect(api).toContain('list: Query<DepositListInput | undefined, DepositListOutput>')
  expect(api).toContain('export interface DepositListInput {')
  expect(api).toContain('/** Payment must be made before this */')
})

test('it runs in Node: calls, realtime, and an end by itself', async () => {
  await using server = await startFixture()
  const view = server.put(1, { status: 'settled', version: 2 })
  await consumer.write(
    'run.js',
    `import { createClient, version } from '@xm/client'
    const client = createClient({ url: process.argv[2] })
    await client.auth.login.mutate({ login: 'ana', password: 'correct horse' })
    const { balances } = await client.wallet.balances.query()
    const watch = client.realtime.watchDeposit(process.argv[3], { onResult({ result }) {
      watch.stop()
      console.log(JSON.stringify([version, balances[0].posted, result]))
    } })`,
  )
  expect(JSON.parse(await consumer.node('run.js', server.url, view.id))).toEqual(['0.1.0', '100', 'paid'])
})

const inBrowser = `
import { createClient, localStorageAdapter, newIdempotencyKey } from '@xm/client'
globalThis.story = async (url, simulatorUrl, account) => {
  const client = createClient({ url, storage: localStorageAdapter() })
  const heard = { ticks: 0, statuses: [] }
  await client.auth.register.mutate(account)
  const wallet = new Promise((resolve) => client.realtime.on('wallet:changed', resolve))
  const amount = { minor: '150000', currency: 'IDR' }
  const deposit = await client.deposits.create.mutate({ amount, method: 'qr', idempotencyKey: newIdempotencyKey() })
  const result = await new Promise((resolve) => {
    client.realtime.watchDeposit(deposit.id, {
      tickMs: 100,
      onTimer: () => heard.ticks++ === 0 && fetch(simulatorUrl + '/charges/' + deposit.payment.reference + '/pay', { method: 'POST', mode: 'no-cors' }),
      onChange: ({ status }) => heard.statuses.push(status),
      onResult: resolve,
    })
  })
  await wallet
  const { balances } = await client.wallet.balances.query()
  return { ...heard, result: result.result, balances, kept: Object.keys(localStorage) }
}
globalThis.again = async (url) => {
  const client = createClient({ url, storage: localStorageAdapter() })
  return (await client.auth.me.query()).user.handle
}`

test.runIf(hasBrowser())('it runs in a browser, from another origin, and stays signed in over a reload', async () => {
  const { script } = await bundle(inBrowser)
  await using site = await servePage(script)
  await using product = await openProduct(embedded!, { CORS_ORIGINS: site.origin })
  await using browser = await openBrowser()
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(site.origin)
  const account = { email: 'ana@example.com', handle: 'ana', password: 'a phrase for tests' }
  const story = await page.evaluate(
    ([url, simulator, who]) => (globalThis as never as BrowserPage).story(url, simulator, who),
    [product.app.url, product.simulatorUrl, account] as const,
  )
  expect(story).toMatchObject({ result: 'paid', balances: [{ currency: 'IDR', available: '150000' }] })
  expect(story.ticks).toBeGreaterThan(0)
  expect(story.statuses.at(-1)).toBe('settled')
  expect(story.kept).toHaveLength(1)
  await page.reload()
  expect(await page.evaluate((url) => (globalThis as never as BrowserPage).again(url), product.app.url)).toBe('ana')
  expect(complaints).toEqual([])
})

interface BrowserPage {
  story(
    url: string,
    simulatorUrl: string,
    account: object,
  ): Promise<{
    ticks: number
    statuses: string[]
    result: string
    balances: object[]
    kept: string[]
  }>
  again(url: string): Promise<string>
}

test('hooks of the package render on a server', async () => {
  await consumer.write(
    'render.js',
    `import { createElement } from 'react'
    import { renderToString } from 'react-dom/server'
    import { createClient } from '@xm/client'
    import { useDepositTimer } from '@xm/client/react'
    const client = createClient({ url: 'http://127.0.0.1:1' })
    console.log(renderToString(createElement(() => useDepositTimer(client, 'x').status)))`,
  )
  expect((await consumer.node('render.js')).trim()).toBe('loading')
})

test('in a browser bundle it is small, without zod, and what is not used falls away', async () => {
  const whole = await bundle(`import * as client from '@xm/client'; globalThis.client = client`)
  expect(whole.inputs.filter((path) => path.includes('/zod/'))).toEqual([])
  expect(whole.bytes).toBeLessThanOrEqual(bundleMaxBytes)
  const hooks = await bundle(`import * as hooks from '@xm/client/react'; globalThis.hooks = hooks`)
  expect(hooks.bytes).toBeLessThan(2_000)
  const part = await bundle(`import { newIdempotencyKey } from '@xm/client'; globalThis.key = newIdempotencyKey`)
  expect(part.bytes).toBeLessThan(300)
})

async function bundle(contents: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: consumer.folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['react'],
    write: false,
    metafile: true,
  })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs))
  const [output] = outputFiles
  return { inputs, script: output!.text, bytes: gzipSync(output!.contents, { level: 9 }).byteLength }
}
