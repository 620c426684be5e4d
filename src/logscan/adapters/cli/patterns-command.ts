import { type CheckedPattern, checkPatterns } from '../../app/check-patterns.ts'
import { builtInPatterns } from '../../domain/pattern-pack.ts'
import { InputError } from './input-error.ts'
import { readPatterns } from './load-patterns.ts'
import type { Output } from './output.ts'

/** `logscan patterns list`: id, level and title of what is looked for by itself. */
export async function listPatterns(output: Output): Promise<void> {
  for (const { id, level, title } of builtInPatterns) await output.write(`${[id, level, title].join('\t')}\n`)
}

/** `logscan patterns check FILE`: says of each pattern whether it can be used. Throws InputError. */
export async function checkPatternFile(file: string, output: Output): Promise<void> {
  const checked = checkPatterns(await readPatterns(file))
  for (const result of checked) await output.write(`${lineOf(result)}\n`)
  const refused = checked.filter(({ ok }) => !ok).length
  if (refused > 0) throw new InputError(`${file}: ${refused} of ${checked.length} patterns cannot be used`)
}

function lineOf(result: CheckedPattern): string {
  const { id, match } = result.pattern
  if (result.ok) return [id, 'ok', `${result.steps} steps`].join('\t')
  const source = 'regex' in match ? match.regex : ''
  return [id, 'refused', `${result.reason}, at position ${result.position} of ${source}`].join('\t')
}
