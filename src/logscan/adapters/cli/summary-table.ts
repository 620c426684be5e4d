import { stripVTControlCharacters, styleText } from 'node:util'
import Table from 'cli-table3'
import { type Level, type LogPattern, levels } from '../../domain/log-pattern.ts'
import type { PatternSummary, Summary } from '../../domain/scan/summary.ts'
import { seen } from './plain-summary.ts'
import { printable } from './printable.ts'
import { sparkLine } from './spark-line.ts'

const sparkColumns = 16
const widthMin = 80
const exampleMin = 20
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
  return `${tableOf(found, Math.max(widthMin, columns))}\n${context === 0 ? '' : examplesOf(found)}${note}`
}

function tableOf(found: readonly Found[], width: number): string {
  const first = Math.min(...found.map(([, { times }]) => times.first))
  const last = Math.max(...found.map(([, { times }]) => times.last))
  const rows = found.map(([{ id, level }, { lines, times, example }]) => [
    styleText(colors[level], id),
    String(lines),
    shortTime(times.first),
    shortTime(times.last),
    Number.isFinite(times.first) ? sparkLine(times.stretches(first, last, sparkColumns)) : '',
    printable(example?.text ?? ''),
  ])
  const head = ['pattern', 'lines', 'first seen', 'last seen', 'over time', 'example']
  const widths = head
    .slice(0, -1)
    .map(
      (title, column) =>
        2 + Math.max(title.length, ...rows.map((row) => stripVTControlCharacters(row[column] as string).length)),
    )
  const left = width - widths.reduce((sum, one) => sum + one + 1, 1) - 1
  const table = new Table({
    head,
    colWidths: [...widths, Math.max(exampleMin, left)],
    colAligns: ['left', 'right', 'left', 'left', 'left', 'left'],
    style: { head: ['bold'], border: ['gray'] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  table.push(...rows)
  return table.toString()
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
