import { stripVTControlCharacters, styleText } from 'node:util'
import Table from 'cli-table3'
import { createLineReader } from '../../domain/line/read-line.ts'
import { type Level, type LogPattern, levels } from '../../domain/log-pattern.ts'
import type { PatternSummary, Summary } from '../../domain/scan/summary.ts'
import { seen } from './plain-summary.ts'
import { printable } from './printable.ts'
import { sparkLine } from './spark-line.ts'

const sparkColumns = 16
const exampleMin = 24
/** What a narrow terminal has no room for, the least important first. */
const spared = ['first seen', 'over time', 'last seen']
const colors = {
  trace: 'gray',
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
} as const satisfies Record<Level, string>

type Found = readonly [LogPattern, PatternSummary]

/** For a person: a row for each pattern that was found, the most severe and most frequent first. */
export function summaryTable(
  patterns: readonly LogPattern[],
  { patterns: summaries }: Summary,
  { columns, context }: { readonly columns: number; readonly context: number },
): string {
  const found = summaries
    .map((summary, index): Found => [patterns[index] as LogPattern, summary])
    .filter(([, { lines }]) => lines > 0)
    .sort(
      ([a, { lines }], [b, { lines: others }]) => levels.indexOf(b.level) - levels.indexOf(a.level) || others - lines,
    )
  const silent = patterns.length - found.length
  const note = silent === 0 ? '' : `${silent} of ${patterns.length} patterns were not found.\n`
  if (found.length === 0) return `Nothing was found: none of ${patterns.length} patterns.\n`
  return `${tableOf(found, columns)}\n${context === 0 ? '' : examplesOf(found)}${note}`
}

function tableOf(found: readonly Found[], width: number): string {
  const all = columnsOf(found)
  const widthOf = ({ title, cells }: Column) =>
    2 + Math.max(title.length, ...cells.map((cell) => stripVTControlCharacters(cell).length))
  const left = (columns: readonly Column[]) => width - columns.reduce((sum, column) => sum + widthOf(column) + 1, 2)
  let shown = all
  for (const title of spared) if (left(shown) < exampleMin) shown = shown.filter((column) => column.title !== title)
  const table = new Table({
    head: [...shown.map(({ title }) => title), 'example'],
    colWidths: [...shown.map(widthOf), Math.max(exampleMin, left(shown))],
    colAligns: shown.map(({ title }) => (title === 'lines' ? 'right' : 'left')),
    style: { head: ['bold'], border: ['gray'] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  for (const [row, [, { example }]] of found.entries())
    table.push([...shown.map(({ cells }) => cells[row] as string), messageOf(example?.text ?? '')])
  return table.toString()
}

interface Column {
  readonly title: string
  readonly cells: readonly string[]
}

function columnsOf(found: readonly Found[]): Column[] {
  const first = Math.min(...found.map(([, { times }]) => times.first))
  const last = Math.max(...found.map(([, { times }]) => times.last))
  const column = (title: string, cell: (one: Found) => string): Column => ({ title, cells: found.map(cell) })
  return [
    column('pattern', ([{ id, level }]) => styleText(colors[level], id)),
    column('lines', ([, { lines }]) => String(lines)),
    column('first seen', ([, { times }]) => shortTime(times.first)),
    column('last seen', ([, { times }]) => shortTime(times.last)),
    column('over time', ([, { times }]) =>
      Number.isFinite(times.first) ? sparkLine(times.stretches(first, last, sparkColumns)) : '',
    ),
  ]
}

/** Time and level stand elsewhere in the row; there is little room. */
function messageOf(text: string): string {
  const { message } = createLineReader({ referenceTime: 0 })(text)
  return printable(message === '' ? text : message)
}

/** Each pattern's first line among the lines around it. */
function examplesOf(found: readonly Found[]): string {
  return found
    .flatMap(([{ id }, { example }]) => {
      if (example === null) return []
      const first = example.line - example.before.length
      const lines = [...example.before, example.text, ...example.after].map((text, index) => {
        const shown = `${String(first + index).padStart(8)}  ${printable(text)}`
        return first + index === example.line ? styleText('bold', shown) : styleText('gray', shown)
      })
      return [`\n${styleText('bold', id)}  ${printable(example.file)}:${example.line}\n${lines.join('\n')}\n`]
    })
    .join('')
}

function shortTime(time: number): string {
  return seen(time).slice(0, 19).replace('T', ' ')
}
