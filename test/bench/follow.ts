import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { benchPatternFile, logProfiles, writeLogFile } from '../support/generated-logs.ts'
import { createDatabase, hasMariadb, startPrivateMariadb } from '../support/private-mariadb.ts'
import { type Comparison, judge, quantile, table } from './figures.ts'
import { inRounds } from './rounds.ts'

const root = resolve(import.meta.dirname, '../..')
const logscan = join(root, 'dist/logscan/logscan.js')
const idleFiles = 1000
const settleMs = 4000
const idleMs = 10_000
const usage = `npm run bench:follow -- [--size-mb N] [--rounds N] [--appends N]
A log of N million bytes (128), 0.8 % of it errors: followed, and followed and stored, against the scan of the same file; and
how long after an append a line is told, against tail -F | grep; a dense log; and what a thousand idle files cost. Whole processes on this machine.`

const { values } = parseArgs({
  options: {
    'size-mb': { type: 'string', default: '128' },
    rounds: { type: 'string', default: '3' },
    appends: { type: 'string', default: '200' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(usage)
else await main()

async function main(): Promise<void> {
  if (!existsSync(logscan)) throw new Error(`${logscan} is not there: npm run build:server`)
  const folder = await mkdtemp(join(tmpdir(), 'xm-bench-follow-'))
  const mariadb = hasMariadb() ? await startPrivateMariadb() : null
  try {
    await compare(folder, mariadb?.url ?? null)
  } finally {
    await mariadb?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(folder: string, mariadbUrl: string | null): Promise<void> {
  const [log, patterns] = [join(folder, 'bench.log'), join(folder, 'patterns')]
  const bytes = Number(values['size-mb']) * 1e6
  writeFileSync(patterns, benchPatternFile)
  const { hitLines } = await writeLogFile(log, { ...logProfiles.typical, bytes })
  const dense = join(folder, 'dense.log')
  const denseBytes = Math.ceil(bytes / 8)
  const { hitLines: denseLines } = await writeLogFile(dense, { ...logProfiles.dense, bytes: denseBytes })
  let count = 0
  const embedded = () => ({ DATA_DIR: join(folder, `data-${++count}`) })
  const follow = (...more: string[]) => ['follow', log, '--patterns', patterns, '--jobs', '1', '--from-start', ...more]
  const sides: Record<string, () => Promise<number>> = {
    scan: () => timeOf(['scan', log, '--patterns', patterns, '--jobs', '1', '--ndjson'], {}, hitLines),
    follow: () => timeOf(follow('--ndjson'), {}, hitLines),
    stored: () => timeOf(follow('--ndjson', '--store'), embedded(), hitLines),
    ...(mariadbUrl !== null && {
      mariadb: async () => {
        await using database = await createDatabase(mariadbUrl)
        const env = { ...embedded(), MYSQL_URL: database.url }
        execFileSync(process.execPath, [join(root, 'dist/src/main/migrate.js')], { env: { ...process.env, ...env } })
        return await timeOf(follow('--ndjson', '--store'), env, hitLines)
      },
    }),
    ours: () => latency(folder, (path) => [process.execPath, logscan, 'follow', path]),
    stored95: () => latency(folder, (path) => [process.execPath, logscan, 'follow', path, '--store'], embedded()),
    idle: () => idleShare(folder),
    denseScan: () => timeOf(['scan', dense, '--patterns', patterns, '--jobs', '1', '--ndjson'], {}, denseLines),
    denseFollow: () =>
      timeOf(['follow', dense, '--patterns', patterns, '--jobs', '1', '--from-start', '--ndjson'], {}, denseLines),
    tail: () => latency(folder, (path) => ['sh', '-c', `tail -n 0 -F ${path} | grep --line-buffered ERROR`]),
  }
  const figures = await inRounds(Number(values.rounds), sides)
  const of = (name: string) => figures[name] ?? []
  const speed = (seconds: readonly number[]) => seconds.map((time) => bytes / 1e6 / time)
  const scan = { unit: 'MB/s', baselineName: 'scan --ndjson', baseline: speed(of('scan')) }
  const tail = { unit: 'ms', baselineName: 'tail -F | grep', baseline: of('tail') }
  const comparisons: Comparison[] = [
    { name: 'followed', ours: speed(of('follow')), ...scan, aim: { atLeast: 0.5 } },
    { name: 'stored, SQLite', ours: speed(of('stored')), ...scan, aim: { atLeast: 0.5 } },
    ...(mariadbUrl === null
      ? []
      : [{ name: 'stored, MariaDB', ours: speed(of('mariadb')), ...scan, aim: { atLeast: 0.5 } }]),
    {
      ...{ name: 'followed, dense', ours: of('denseFollow').map((time) => denseBytes / 1e6 / time), unit: 'MB/s' },
      ...{ baselineName: 'scan --ndjson', baseline: of('denseScan').map((time) => denseBytes / 1e6 / time), aim: null },
    },
    {
      ...{ name: `CPU for ${idleFiles} idle files`, ours: of('idle'), unit: 'of a core' },
      ...{ baselineName: 'a core', baseline: of('idle').map(() => 1), aim: { atMost: 0.05 } },
    },
    { name: 'append to line, p95', ours: of('ours'), ...tail, aim: null },
    { name: 'append to stored line, p95', ours: of('stored95'), ...tail, aim: null },
  ]
  console.log(table(comparisons.map(judge)))
  console.log(
    `\nNode ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model}), load ${loadavg()[0]?.toFixed(1)}; ` +
      `${values.rounds} rounds; start and end of processes included; ${hitLines} lines found`,
  )
  if (mariadbUrl === null) console.log('MariaDB is not on the PATH: left out')
}

/** Seconds until as many lines were printed. */
async function timeOf(args: readonly string[], env: Readonly<Record<string, string>>, lines: number): Promise<number> {
  const started = performance.now()
  const child = start([process.execPath, logscan, ...args], env)
  let left = lines
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) left--
    if (left <= 0) break
  }
  const took = (performance.now() - started) / 1000
  await end(child)
  if (left > 0) throw new Error(`${args[0]}: ${left} lines of ${lines} are missing`)
  return took
}

/** The share of a core that it takes to follow files that do not change. */
async function idleShare(folder: string): Promise<number> {
  const many = join(folder, 'many')
  if (!existsSync(many)) {
    mkdirSync(many)
    for (let index = 0; index < idleFiles; index++) writeFileSync(join(many, `${index}.log`), 'INFO nothing\n')
  }
  const child = start([process.execPath, logscan, 'follow', many], {})
  await new Promise((done) => setTimeout(done, settleMs))
  const before = cpuMs(child.pid as number)
  await new Promise((done) => setTimeout(done, idleMs))
  const used = cpuMs(child.pid as number) - before
  await end(child)
  return used / idleMs
}

/** Of all its threads, user and system. Linux counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Milliseconds from an append until the line was printed, the 95th percentile of many. */
async function latency(
  folder: string,
  command: (path: string) => readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const path = join(folder, 'live.log')
  writeFileSync(path, '')
  const child = start(command(path), env)
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const times: number[] = []
  // What is written before it looks is not told, or late.
  const warming = setInterval(() => appendFileSync(path, 'ERROR warm\n'), 200)
  await lines.next()
  clearInterval(warming)
  for (let count = 0; count < Number(values.appends); count++) {
    const started = performance.now()
    appendFileSync(path, `2026-02-03T04:05:06Z ERROR number ${count} of many\n`)
    for (let line = await lines.next(); !`${line.value}`.includes(`number ${count} of`); ) line = await lines.next()
    times.push(performance.now() - started)
    await new Promise((done) => setTimeout(done, 20))
  }
  await end(child)
  return quantile(times, 0.95)
}

function start([file, ...args]: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(file as string, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  // With the group, all of a pipeline ends.
  process.kill(-(child.pid as number), 'SIGKILL')
  await ended
}
