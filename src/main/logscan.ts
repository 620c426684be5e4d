#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { PatternFileError, readPatternFile } from '../logscan/adapters/pattern-file.ts'
import { type CheckedPattern, checkPatterns } from '../logscan/app/check-patterns.ts'
import type { LogPattern } from '../logscan/domain/log-pattern.ts'
import { builtInPatterns } from '../logscan/domain/pattern-pack.ts'

const usage = `usage: logscan patterns list
       logscan patterns check FILE    YAML (.yaml, .yml), or one regular expression a line

Exit status: 0 done, 2 a usage or input error`

const statesMax = 10_000

/** Somebody called it wrongly, or gave it what it cannot read. */
class InputError extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
    strict: true,
  })
  if (values.help) return print(usage)
  const [command, action, ...files] = positionals
  if (command !== 'patterns') throw new InputError(usage)
  if (action === 'list' && files.length === 0) return listPatterns()
  if (action === 'check' && files.length === 1) return checkFile(files[0] as string)
  throw new InputError(usage)
}

function listPatterns(): void {
  for (const { id, level, title } of builtInPatterns) print([id, level, title].join('\t'))
}

async function checkFile(file: string): Promise<void> {
  const checked = checkPatterns({ statesMax })(readPatterns(file, await readText(file)))
  for (const result of checked) print(lineOf(result))
  const refused = checked.filter(({ ok }) => !ok).length
  if (refused > 0) throw new InputError(`${file}: ${refused} of ${checked.length} patterns cannot be used`)
}

function lineOf(result: CheckedPattern): string {
  const { id, match } = result.pattern
  if (result.ok)
    return [id, 'ok', result.states === null ? `more than ${statesMax} states` : `${result.states} states`].join('\t')
  const source = 'regex' in match ? match.regex : ''
  return [id, 'refused', `${result.reason}, at position ${result.position} of ${source}`].join('\t')
}

function readPatterns(file: string, text: string): LogPattern[] {
  try {
    return readPatternFile(file, text)
  } catch (error) {
    if (error instanceof PatternFileError) throw new InputError(`${file}: ${error.problems.join('; ')}`)
    throw error
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message.replace(/^(\w+): /, '') : String(error)}`)
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

// A reader that has seen enough, as `head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

main().catch((error: unknown) => {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  console.error(error instanceof InputError || isUsage ? error.message : error)
  process.exitCode = 2
})
