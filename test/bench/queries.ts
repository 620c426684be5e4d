import type { Bench, BenchContext } from './bench.ts'
import type { Comparison } from './figures.ts'
import { type LoadFigures, loadHttp, requestBytes } from './http-load.ts'
import { type Program, startProgram } from './program.ts'
import { inRounds } from './rounds.ts'
import { register } from './user.ts'

interface Query {
  readonly name: string
  readonly path: string
}

const encoded = (input: unknown) => encodeURIComponent(JSON.stringify(input))
const batched = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'auth.me' : 'wallet.balances'))
const queries: readonly Query[] = [
  { name: 'auth.me', path: '/trpc/auth.me' },
  { name: 'wallet.balances', path: '/trpc/wallet.balances' },
  { name: 'deposits.list, 20 items', path: `/trpc/deposits.list?input=${encoded({ limit: 20 })}` },
  { name: 'batch of 10', path: `/trpc/${batched.join(',')}?batch=1&input=${encoded({})}` },
]

const connections = 24
const warmUpMs = 2_500
const aim = { atLeast: 0.45 }

/**
 * Authenticated queries over HTTP, against bare `node:http` that sends the same bytes, and against tRPC's own adapter
 * with the same schemas over answers that are given. The generator runs in this process, the servers in theirs.
 */
export const queriesEmbedded: Bench = (context) => benchQueries(context, 'embedded')
export const queriesMariadb: Bench = (context) => benchQueries(context, 'mariadb')

async function benchQueries(context: BenchContext, kind: 'embedded' | 'mariadb'): Promise<Comparison[]> {
  const env = await context.emptyData(kind)
  await using product = await startProgram('serve-product', env)
  await using bare = await startProgram('serve-bare')
  await using standalone = await startProgram('serve-standalone')
  const productUrl = await product.call<string>('url')
  const { userId, accessToken } = await register(productUrl, 'queries')
  await product.call('fill', { userId, deposits: 20 })
  const headers = { authorization: `Bearer ${accessToken}`, 'user-agent': 'bench', 'content-type': 'application/json' }
  await prepare(productUrl, headers, bare, standalone)

  const servers = { product, bare, standalone }
  const comparisons: Comparison[] = []
  for (const { name, path } of queries) {
    const request = requestBytes('GET', path, headers)
    const sideOf = async (server: Program) => {
      const url = await server.call<string>('url')
      const measured = (forMs: number) => measure(server, { url, request: () => request, connections, forMs })
      await measured(warmUpMs)
      return () => measured(context.sideMs)
    }
    const sides = await inRounds(context.rounds, {
      product: await sideOf(servers.product),
      bare: await sideOf(servers.bare),
      standalone: await sideOf(servers.standalone),
    })
    await context.profile(product, `${name}, ${kind}`, await sideOf(product))
    const busiest = Math.max(...Object.values(sides).flatMap((all) => all.map(({ generatorBusy }) => generatorBusy)))
    context.note(`${name}, ${kind}: the generator was busy up to ${Math.round(busiest * 100)} % of a core`)
    const compared = (baseline: 'bare' | 'standalone', baselineName: string) => ({
      name: `${name}, ${kind}`,
      unit: 'calls/s',
      ours: sides.product.map(({ perSecond }) => perSecond),
      baselineName,
      baseline: sides[baseline].map(({ perSecond }) => perSecond),
      aim: baseline === 'bare' ? aim : null,
    })
    comparisons.push(compared('bare', 'bare node:http'), compared('standalone', 'tRPC standalone, no database'), {
      name: `${name}, ${kind}, server CPU`,
      unit: 'us/call',
      ours: sides.product.map(({ cpuUs }) => cpuUs),
      baselineName: 'bare node:http',
      baseline: sides.bare.map(({ cpuUs }) => cpuUs),
      aim: null,
    })
  }
  return comparisons
}

async function measure(
  server: Program,
  load: Parameters<typeof loadHttp>[0],
): Promise<LoadFigures & { readonly cpuUs: number }> {
  const before = await server.call<number>('cpuMs')
  const figures = await loadHttp(load)
  const after = await server.call<number>('cpuMs')
  return { ...figures, cpuUs: ((after - before) * 1000) / figures.latenciesMs.length }
}

/** Hands the product's answers to the baselines. */
async function prepare(
  url: string,
  headers: Record<string, string>,
  bare: Program,
  standalone: Program,
): Promise<void> {
  const answers: unknown[] = []
  for (const { path } of queries) {
    const answer = await fetch(`${url}${path}`, { headers })
    const body = await answer.text()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${body}`)
    answers.push(JSON.parse(body))
    const kept = [...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name))
    await bare.call('prepare', { path, headers: kept, body })
  }
  const [me, balances, list] = answers.map((answer) => (answer as { result?: { data: unknown } }).result?.data)
  await standalone.call('prepare', { me, balances, list })
}
