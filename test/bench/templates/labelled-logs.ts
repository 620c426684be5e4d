import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCsv } from './csv.ts'

/** A Loghub sample: the raw lines, the message of each without its header, and the true event of each. */
export interface LabelledLog {
  readonly name: string
  readonly lines: readonly string[]
  readonly contents: readonly string[]
  readonly events: readonly string[]
}

const labels = '_2k.log_structured.csv'

/** The samples in the folder and in its subfolders, by name. Throws where the raw file is away or of another length. */
export function readLabelledLogs(folder: string): LabelledLog[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(labels))
    .sort()
    .map((file) => readLabelledLog(join(folder, file.slice(0, -'_structured.csv'.length))))
}

function readLabelledLog(file: string): LabelledLog {
  const rows = parseCsv(readFileSync(`${file}_structured.csv`, 'utf8'))
  if (!existsSync(file)) throw new Error(`${file} is missing`)
  const lines = readFileSync(file, 'utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
  if (lines.length !== rows.length) throw new Error(`${file} has ${lines.length} lines, its labels ${rows.length}`)
  return {
    name: file.replace(/^.*[/\\]/, '').replace('_2k.log', ''),
    lines,
    contents: rows.map(({ Content = '' }) => Content),
    events: rows.map(({ EventId = '' }) => EventId),
  }
}
