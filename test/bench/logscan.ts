import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildSync } from 'esbuild'
import { benchPatternFile, logProfiles } from '../support/generated-logs.ts'
import { judge, table } from './figures.ts'
import { checkCounts, Disagreement } from './logscan/check-counts.ts'
import { createWorkFolder, DiskTooFull } from './logscan/log-files.ts'
import { createSides, isOnPath, references, type Side, type SideName, sideNames } from './logscan/sides.ts'
import { comparisons, speedRows, speedTable, type Timings } from './logscan/speeds.ts'
import { timeSides } from './logscan/time-sides.ts'
import { FailedRun } from './logscan/whole-process.ts'

type ProfileName = keyof typeof logProfiles

const profileNames = Object.keys(logProfiles) as ProfileName[]
const logscan = resolve(import.meta.dirname, '../../dist/logscan/logscan.js')
const usage = `npm run bench:logscan -- [log ...] [--only SIDE,...] [--size-mb N] [--rounds N] [--json FILE]
Whole processes on generated logs of N million bytes (1024), and of a quarter of that. Build first: npm run build:server.
logs: ${profileNames.join(', ')}; all of them when none is named
sides: ${sideNames.join(', ')}
--rounds 0 checks the counts and takes no times`

/** Somebody called it wrongly, or something is not there. */
class UsageError extends Error {}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: sideNames.join() },
      'size-mb': { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const [sizeMb, rounds] = [Number(values['size-mb']), Number(values.rounds)]
  if (!(sizeMb >= 1) || !Number.isInteger(rounds) || rounds < 0) throw new UsageError(usage)
  return {
    help: values.help,
    profiles: positionals.length > 0 ? positionals.map((name) => oneOf(profileNames, name)) : profileNames,
    wanted: values.only.split(',').map((name) => oneOf(sideNames, name)),
    largeBytes: Math.round(sizeMb * 1e6),
    rounds,
    json: values.json,
  }
}

function oneOf<Name extends string>(names: readonly Name[], name: string): Name {
  const found = names.find((known) => known === name)
  if (found === undefined) throw new UsageError(`there is no ${name}\n${usage}`)
  return found
}

/** Full matching, reading alone and the loop say nothing new about the other logs. */
function sidesOf(profile: ProfileName, wanted: readonly SideName[]): SideName[] {
  const everywhere: readonly SideName[] = ['count-1', 'count-2', 'rg', 'grep']
  return wanted.filter((name) => profile === 'typical' || everywhere.includes(name))
}

async function main(): Promise<void> {
  const { help, profiles, wanted, largeBytes, rounds, json } = readOptions()
  if (help) return console.log(usage)
  const notes: string[] = []
  const there = wanted.filter((name) => (name === 'rg' || name === 'grep' ? isOnPath(name) : true))
  for (const name of wanted) if (!there.includes(name)) notes.push(`${name} is not on the PATH: left out`)
  if (there.some((name) => /^(count|ndjson)-/.test(name)) && !existsSync(logscan))
    throw new UsageError(`${logscan} is not there: npm run build:server`)

  const work = createWorkFolder()
  const smallBytes = Math.round(largeBytes / 4)
  await work.checkRoom(smallBytes + largeBytes)
  const sides = createSides({
    logscan,
    patterns: await work.writeText('patterns', benchPatternFile),
    regExpLoop: compile(new URL('./logscan/regexp-loop.ts', import.meta.url), work.folder),
    readFloor: compile(new URL('./logscan/read-floor.ts', import.meta.url), work.folder),
  })
  const reference = references.find(({ name }) => there.includes(name))
  if (reference === undefined) notes.push('the counts were compared with what was written only')

  const timings: Timings[] = []
  for (const profile of profiles) {
    const names = sidesOf(profile, there)
    const chosen = new Map<SideName, Side>(names.map((name) => [name, sides[name]]))
    console.error(`${profile}: writing ...`)
    using small = await work.writeLog('small.log', { ...logProfiles[profile], bytes: smallBytes })
    console.error(`${profile}: checking the counts ...`)
    await checkCounts(small, reference, [...chosen.values()])
    if (rounds === 0) continue
    using large = await work.writeLog('large.log', { ...logProfiles[profile], bytes: largeBytes })
    console.error(`${profile}: ${rounds} rounds ...`)
    timings.push(await timeSides({ profile, small, large }, chosen, rounds))
  }

  const machine = `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load ${loadavg()[0]?.toFixed(1)}`
  const versions = there.filter((name) => name === 'rg' || name === 'grep').map(versionOf)
  notes.unshift(`${[machine, ...versions].join('; ')}; ${rounds} rounds; MB: a million bytes`)
  const speeds = timings.flatMap(speedRows)
  const verdicts = timings.flatMap(comparisons).map(judge)
  if (rounds === 0) console.log('the counts agree')
  else console.log(speedTable(speeds, (name) => sides[name].title))
  if (verdicts.length > 0) console.log(`\n${table(verdicts)}`)
  console.log(`\n${notes.join('\n')}`)
  if (json !== undefined)
    await writeFile(json, `${JSON.stringify({ machine, rounds, largeBytes, verdicts, speeds, notes }, null, 2)}\n`)
}

/** As the product is compiled: a loader that compiles on the fly would slow these sides only. */
function compile(program: URL, folder: string): string {
  const entry = fileURLToPath(program)
  const outfile = join(folder, `${basename(entry, '.ts')}.mjs`)
  buildSync({
    ...{ entryPoints: [entry], outfile },
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'es2022', logLevel: 'warning' },
  })
  return outfile
}

function versionOf(tool: string): string {
  return execFileSync(tool, ['--version'], { encoding: 'utf8' }).split('\n', 1)[0] as string
}

// Ending in order also deletes the files and ends the side that runs.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code))

main().catch((error: unknown) => {
  const isPlain = [UsageError, DiskTooFull, Disagreement, FailedRun].some((kind) => error instanceof kind)
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  console.error(isPlain || isUsage ? (error as Error).message : error)
  process.exitCode = error instanceof UsageError || error instanceof DiskTooFull || isUsage ? 2 : 1
})
