#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { InputError } from '../logscan/adapters/cli/input-error.ts'
import { createOutput } from '../logscan/adapters/cli/output.ts'
import { checkPatternFile, listPatterns } from '../logscan/adapters/cli/patterns-command.ts'
import { printable } from '../logscan/adapters/cli/printable.ts'
import { runScan } from '../logscan/adapters/cli/scan-command.ts'
import { jobsOf, readScanFlags, scanFlags } from '../logscan/adapters/cli/scan-options.ts'
import { runTemplates } from '../logscan/adapters/cli/templates-command.ts'
import type { FollowStore } from '../logscan/adapters/follow/source-runner.ts'
import { describeError } from '../logscan/adapters/scan/describe-error.ts'

const usage = `usage: logscan scan FILE|FOLDER|GLOB|-...   looks for patterns in whole files
         --patterns FILE     YAML (.yaml, .yml), or one regular expression a line; else the built-in ones
         --jobs N            threads; as many as there are cores
         --count             only how many lines match: pattern, tab, lines
         --ndjson            one object for each line that matches
         --since TIME        leaves out lines from before it (2026-01-31, 2026-01-31T10:00:00Z) and those that tell no time
         --until TIME        leaves out lines from then on
         --context N         so many lines before and behind: with --ndjson, or below the table at a terminal
         --explain           tells how the patterns are looked for
         --fail-on LEVEL     exit status 1 if a line of the level (trace, debug, info, warn, error, fatal) or worse is found
         --no-progress       shows no bar
         --chunk-bytes N     bytes that a thread reads at once
       logscan follow FILE|FOLDER|GLOB...         lines that match, as they are written, whatever rotates the files
         --patterns FILE, --jobs N, --ndjson      as above
         --from-start        begins with what is in the files already
         --store             keeps them in the database (MYSQL_URL, else DATA_DIR), goes on where it came to: each line once
       logscan templates FILE [--assign] [--ndjson]   the kinds of lines in a file, with counts; --assign: the kind of each line
       logscan patterns list
       logscan patterns check FILE

Compressed files (gzip, zstd) are unpacked; - is the standard input. Times without a zone are UTC.
Exit status: 0 done, 1 --fail-on was met, 2 a usage or input error (the rest was still read)`

const statusFailed = 1
const stopMaxMs = 5000
const statusProblem = 2

const terminal = {
  output: createOutput(process.stdout),
  complain: (line: string) => void process.stderr.write(`${printable(line)}\n`),
  isOutputTerminal: process.stdout.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
  columns: process.stdout.columns ?? 120,
  now: () => Date.now(),
}

const templatesFlags = { assign: { type: 'boolean', default: false }, ndjson: scanFlags.ndjson } as const
const followFlags = {
  ...{ patterns: scanFlags.patterns, jobs: scanFlags.jobs, ndjson: scanFlags.ndjson },
  'from-start': { type: 'boolean', default: false },
  store: { type: 'boolean', default: false },
} as const
const flagsOf: Readonly<Record<string, object>> = {
  scan: scanFlags,
  follow: followFlags,
  templates: templatesFlags,
  patterns: {},
}

/** Gives the exit status. Throws InputError. */
async function main(): Promise<number> {
  const { values, positionals, tokens } = parseArgs({
    options: {
      ...scanFlags,
      ...followFlags,
      ...templatesFlags,
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    },
    allowPositionals: true,
    tokens: true,
  })
  if (values.help === true || values.version === true) {
    await terminal.output.write(`${values.help === true ? usage : (await import('./version.ts')).version}\n`)
    return 0
  }
  const [command = '', ...rest] = positionals
  const flags = flagsOf[command]
  for (const token of tokens)
    if (flags !== undefined && token.kind === 'option' && !(token.name in flags))
      throw new InputError(`--${token.name}: logscan ${command} has no such flag`)
  if (command === 'scan' && rest.length > 0) {
    const { hadProblems, failed } = await runScan(rest, readScanFlags(values, terminal.now()), terminal)
    return hadProblems ? statusProblem : failed ? statusFailed : 0
  }
  if (command === 'follow' && rest.length > 0) {
    const { runFollow } = await import('../logscan/adapters/cli/follow-command.ts')
    const { patterns, jobs, ndjson, 'from-start': fromStart, store: isStored } = values
    const flags = { patternFile: patterns, jobs: jobsOf(jobs), ndjson, fromStart: fromStart || isStored }
    await using store = await storeFor(isStored)
    await runFollow(rest, flags, terminal, store, untilStopped())
    return 0
  }
  if (command === 'templates' && rest.length === 1) {
    const { hadProblems } = await runTemplates(rest[0] as string, values, terminal)
    return hadProblems ? statusProblem : 0
  }
  if (command === 'patterns' && rest[0] === 'list' && rest.length === 1) await listPatterns(terminal.output)
  else if (command === 'patterns' && rest[0] === 'check' && rest.length === 2)
    await checkPatternFile(rest[1] as string, terminal.output)
  else throw new InputError(`${misuse(command, rest)}; logscan --help tells what there is`)
  return 0
}

function misuse(command: string, rest: readonly string[]): string {
  if (command === '') return 'a command is missing'
  if (!(command in flagsOf)) return `there is no command ${command}`
  if (command === 'patterns') return 'patterns: either list, or check and a file'
  if (rest.length > 0) return `${command}: one file, not ${rest.length}`
  return `${command}: the ${command === 'templates' ? 'file is' : 'files are'} missing`
}

async function storeFor(isStored: boolean): Promise<FollowStore & AsyncDisposable> {
  if (!isStored) return (await import('../logscan/adapters/follow/memory-store.ts')).memoryStore
  const { openFollowStore } = await import('./open-follow-store.ts')
  try {
    return await openFollowStore()
  } catch (error) {
    throw new InputError(`--store: ${describeError(error)}`)
  }
}

/** Told to stop, it keeps what it has found first. */
function untilStopped(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      controller.abort()
      // Whoever reads the output may have stopped doing so.
      setTimeout(() => process.exit(0), stopMaxMs).unref()
    })
  return controller.signal
}

// A reader that has seen enough, as `head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  terminal.complain(`the standard output: ${describeError(error)}`)
  process.exit(statusProblem)
})

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (isUsage) terminal.complain(error.message)
  else if (error instanceof InputError) for (const line of error.message.split('\n')) terminal.complain(line)
  else console.error(error)
  process.exitCode = statusProblem
}
await terminal.output.flush()
