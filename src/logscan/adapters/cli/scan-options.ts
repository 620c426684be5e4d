import { availableParallelism } from 'node:os'
import type { ParseArgsConfig } from 'node:util'
import { createLineReader } from '../../domain/line/read-line.ts'
import { type Level, levels } from '../../domain/log-pattern.ts'
import { InputError } from './input-error.ts'

export const scanFlags = {
  patterns: { type: 'string' },
  jobs: { type: 'string' },
  count: { type: 'boolean', default: false },
  ndjson: { type: 'boolean', default: false },
  since: { type: 'string' },
  until: { type: 'string' },
  context: { type: 'string' },
  explain: { type: 'boolean', default: false },
  'fail-on': { type: 'string' },
  'no-progress': { type: 'boolean', default: false },
  'chunk-bytes': { type: 'string' },
} as const satisfies NonNullable<ParseArgsConfig['options']>

export interface ScanFlags {
  readonly patternFile: string | undefined
  readonly jobs: number
  readonly output: 'summary' | 'count' | 'ndjson'
  readonly since: number | null
  readonly until: number | null
  readonly context: number
  readonly explain: boolean
  readonly failOn: Level | null
  readonly progress: boolean
  readonly chunkBytes: number
}

const jobsMax = 256
const contextMax = 100
const chunkBytesMin = 65_536
const chunkBytesMax = 64 << 20
/** Measured: what is read stays in the processor's cache until it was matched. */
const chunkBytesUsual = 262_144

type Values = { readonly [Name in keyof typeof scanFlags]?: string | boolean | undefined }

export function jobsOf(value: string | undefined): number {
  return numberOf('--jobs', value, 1, jobsMax) ?? availableParallelism()
}

/** Throws InputError, which names the flag and its rule. */
export function readScanFlags(values: Values, now: number): ScanFlags {
  const text = (name: keyof Values) => values[name] as string | undefined
  if (values.count === true && values.ndjson === true)
    throw new InputError('--count and --ndjson cannot be used together')
  if (values.count === true && text('context') !== undefined) throw new InputError('--context: --count shows no lines')
  const since = timeOf('--since', text('since'), now)
  const until = timeOf('--until', text('until'), now)
  if (since !== null && until !== null && since >= until) throw new InputError('--until: must be later than --since')
  return {
    patternFile: text('patterns'),
    jobs: jobsOf(text('jobs')),
    output: values.count === true ? 'count' : values.ndjson === true ? 'ndjson' : 'summary',
    since,
    until,
    context: numberOf('--context', text('context'), 0, contextMax) ?? 0,
    explain: values.explain === true,
    failOn: levelOf(text('fail-on')),
    progress: values['no-progress'] !== true,
    chunkBytes: numberOf('--chunk-bytes', text('chunk-bytes'), chunkBytesMin, chunkBytesMax) ?? chunkBytesUsual,
  }
}

function numberOf(flag: string, text: string | undefined, from: number, to: number): number | null {
  if (text === undefined) return null
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < from || number > to)
    throw new InputError(`${flag}: must be a whole number from ${from} to ${to}, not ${text || 'nothing'}`)
  return number
}

/** An instant as logs write it; without a zone it is UTC, as in logs. */
function timeOf(flag: string, text: string | undefined, now: number): number | null {
  if (text === undefined) return null
  const withTime = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text
  const { time, message } = createLineReader({ referenceTime: now })(withTime)
  if (time === null || message !== '')
    throw new InputError(`${flag}: must be a time such as 2026-01-31 or 2026-01-31T10:00:00Z, not ${text}`)
  return time
}

function levelOf(text: string | undefined): Level | null {
  if (text === undefined) return null
  const level = levels.find((known) => known === text.toLowerCase())
  if (level === undefined) throw new InputError(`--fail-on: must be one of ${levels.join(', ')}, not ${text}`)
  return level
}
