import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createLineReader } from '../../src/logscan/domain/line/read-line.ts'
import { maskMessage } from '../../src/logscan/domain/template/mask.ts'
import { createTemplateTree, type TemplateTree } from '../../src/logscan/domain/template/template-tree.ts'
import { accuracyOf, linesBy } from './templates/accuracy.ts'
import { type LabelledLog, readLabelledLogs } from './templates/labelled-logs.ts'
import { maskRates } from './templates/mask-rate.ts'

const usage = `Usage: npm run bench:templates -- DIR [--json FILE] [--wrong]

Groups the samples NAME_2k.log in DIR and below, and compares with NAME_2k.log_structured.csv beside them: by the messages
given there, and by the raw lines, whose headers our own reader takes off. GA: lines in a group that holds exactly the
lines of their event. FGA: F1 of the groups that do. --wrong: lists the groups that do not. Then the rate of masking, on one core.`

/** The one configuration for all logs. */
const limits = { leavesMax: 100_000, leafMaxChars: 1024 }

interface Grouping {
  readonly groups: readonly number[]
  readonly texts: readonly string[]
  readonly linesPerSecond: number
}

/** The second of two runs: the first one warms the code up. */
function groupingOf(lines: readonly string[], messageOf: (line: string) => string): Grouping {
  groupOnce(lines, messageOf)
  return groupOnce(lines, messageOf)
}

function groupOnce(lines: readonly string[], messageOf: (line: string) => string): Grouping {
  const start = performance.now()
  const tree: TemplateTree = createTemplateTree(limits)
  const leaves = lines.map((line) => tree.leafOf(maskMessage(messageOf(line))))
  const { templateOf, templates } = tree.settle()
  const linesPerSecond = Math.round((lines.length / (performance.now() - start)) * 1000)
  return {
    groups: leaves.map((leaf) => templateOf[leaf] as number),
    texts: templates.map(({ text }) => text),
    linesPerSecond,
  }
}

function listWrong(log: LabelledLog, { groups, texts }: Grouping): void {
  const linesByEvent = linesBy(log.events)
  for (const [group, lines] of linesBy(groups)) {
    const events = [...new Set(lines.map((line) => log.events[line] as string))]
    if (events.length === 1 && linesByEvent.get(events[0] as string)?.length === lines.length) continue
    const truth = events.map((event) => `${event}:${linesByEvent.get(event)?.length}`).join(' ')
    console.log(`  ${lines.length} of ${truth}  ${texts[group]}\n      e.g. ${log.lines[lines[0] as number]}`)
  }
}

function measure(log: LabelledLog, wrong: boolean) {
  const reader = createLineReader({ referenceTime: Date.now() })
  const content = groupingOf(log.contents, (content) => content)
  const raw = groupingOf(log.lines, (line) => reader(line).message)
  if (wrong) {
    console.log(`${log.name}, Content:`)
    listWrong(log, content)
    console.log(`${log.name}, raw:`)
    listWrong(log, raw)
  }
  return {
    name: log.name,
    content: { ...accuracyOf(content.groups, log.events), linesPerSecond: content.linesPerSecond },
    raw: { ...accuracyOf(raw.groups, log.events), linesPerSecond: raw.linesPerSecond },
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, wrong: { type: 'boolean', default: false }, help: { type: 'boolean' } },
})
const [folder] = positionals
const logs = folder === undefined || values.help ? [] : readLabelledLogs(folder)
if (logs.length === 0) {
  console.log(folder === undefined || values.help ? usage : `No labelled samples in ${folder}`)
  process.exit(values.help ? 0 : 2)
}

const results = logs.map((log) => measure(log, values.wrong))
const mean = (of: (result: (typeof results)[number]) => number) =>
  results.reduce((sum, result) => sum + of(result), 0) / results.length
const means = {
  contentGa: mean(({ content }) => content.ga),
  contentFga: mean(({ content }) => content.fga),
  rawGa: mean(({ raw }) => raw.ga),
  rawFga: mean(({ raw }) => raw.fga),
}
const row = (...cells: (string | number)[]) =>
  cells.map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(11))).join('')
console.log(row('', 'events', 'Content', 'GA', 'FGA', 'lines/s', 'raw', 'GA', 'FGA', 'lines/s'))
for (const { name, content, raw } of results) {
  const cells = [content, raw].flatMap(({ groups, ga, fga, linesPerSecond }) => [
    groups,
    ga.toFixed(3),
    fga.toFixed(3),
    linesPerSecond,
  ])
  console.log(row(name, content.events, ...cells))
}
const { contentGa, contentFga, rawGa, rawFga } = means
console.log(
  row('mean', '', '', contentGa.toFixed(3), contentFga.toFixed(3), '', '', rawGa.toFixed(3), rawFga.toFixed(3)),
)
const masking = maskRates(logs.flatMap(({ contents }) => contents))
console.log(
  `masking: ${masking.ours} messages/s, a chain of regular expressions ${masking.chain}: ${(masking.ours / masking.chain).toFixed(1)} times`,
)
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ limits, results, means, masking }, null, 2)}\n`)
