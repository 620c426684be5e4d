import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Bench, BenchContext } from './bench.ts'
import { createData } from './data.ts'
import { judge, table, type Verdict } from './figures.ts'
import { creations, credits, hotWallet } from './money.ts'
import { profiled } from './profile.ts'
import { queriesEmbedded, queriesMariadb } from './queries.ts'
import { ticks, webhookAck } from './realtime.ts'

const benches: Readonly<Record<string, Bench>> = {
  queries: queriesEmbedded,
  'queries-mariadb': queriesMariadb,
  credits,
  creations,
  'hot-wallet': hotWallet,
  ticks,
  'webhook-ack': webhookAck,
}

const usage = `npm run bench -- [name ...] [--rounds N] [--side-ms N] [--json FILE] [--profile FOLDER]
names: ${Object.keys(benches).join(', ')}; all of them when none is named`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '7' },
      'side-ms': { type: 'string', default: '1500' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const names = positionals.length > 0 ? positionals : Object.keys(benches)
  const unknown = names.filter((name) => benches[name] === undefined)
  if (values.help || unknown.length > 0) {
    console.log(unknown.length > 0 ? `no bench named ${unknown.join(', ')}\n${usage}` : usage)
    process.exitCode = unknown.length > 0 ? 2 : 0
    return
  }
  if (values.profile !== undefined) await mkdir(values.profile, { recursive: true })

  await using data = createData()
  const notes: string[] = []
  const context: BenchContext = {
    rounds: Number(values.rounds),
    sideMs: Number(values['side-ms']),
    profile: async (program, name, work) => {
      if (values.profile !== undefined) notes.push(await profiled(program, { directory: values.profile, name }, work))
    },
    emptyData: data.empty,
    note: (text) => void notes.push(text),
  }
  const verdicts: Verdict[] = []
  for (const name of names) {
    console.error(`${name} ...`)
    const found = (await benches[name]!(context)).map(judge)
    verdicts.push(...found)
  }
  const machine = `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load ${loadavg()[0]?.toFixed(1)}`
  console.log(`${table(verdicts)}\n\n${machine}; ${context.rounds} rounds\n${notes.join('\n')}`)
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine, rounds: context.rounds, verdicts, notes }, null, 2)}\n`)
}

// The private servers do not keep this process alive by themselves, not even while it waits for their end.
const alive = setInterval(() => {}, 60_000)
await main().finally(() => clearInterval(alive))
