import { openSync, readFileSync, readSync } from 'node:fs'

// A process of its own: what one would write first. Arguments: the log, and the file of patterns, one a line.

const [log, patterns] = process.argv.slice(2) as [string, string]
const regExps = readFileSync(patterns, 'utf8')
  .trimEnd()
  .split('\n')
  .map((source) => new RegExp(source))
const counts = regExps.map(() => 0)
const chunk = Buffer.alloc(1 << 20)
const file = openSync(log, 'r')
let rest = ''

function look(line: string): void {
  for (let index = 0; index < regExps.length; index++) if (regExps[index]!.test(line)) counts[index]!++
}

for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
  const lines = (rest + chunk.toString('latin1', 0, size)).split('\n')
  rest = lines.pop()!
  for (const line of lines) look(line)
}
if (rest !== '') look(rest)
process.stdout.write(counts.map((count, index) => `line-${index + 1}\t${count}\n`).join(''))
