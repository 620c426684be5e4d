import { benchPatterns, type LogFacts } from '../../support/generated-logs.ts'
import type { LogFile } from './log-files.ts'
import type { Reference, Side } from './sides.ts'
import { runWhole } from './whole-process.ts'

/** Somebody counts otherwise: what they would be timed at is not the same work. */
export class Disagreement extends Error {}

/** Throws Disagreement unless the reference, pattern by pattern, and every side find what was written. */
export async function checkCounts(
  log: LogFile,
  reference: Reference | undefined,
  sides: readonly Side[],
): Promise<void> {
  const problems: string[] = []
  if (reference !== undefined) problems.push(...(await problemsOf(reference, log)))
  for (const side of sides) {
    const { output } = await runWhole(side.command(log.path), { keepOutput: true })
    const problem = side.problemIn(output, log.facts)
    if (problem !== null) problems.push(`${side.title} ${problem}`)
  }
  if (problems.length > 0) throw new Disagreement(problems.join('\n'))
}

async function problemsOf({ name, command }: Reference, { path, facts }: { path: string; facts: LogFacts }) {
  const problems: string[] = []
  for (const [index, pattern] of benchPatterns.entries()) {
    const { output } = await runWhole(command(pattern, path), { keepOutput: true })
    // ripgrep prints nothing where nothing matched.
    if (Number(output) !== facts.counts[index])
      problems.push(`${name} counted ${Number(output)} lines, ${facts.counts[index]} match: ${pattern}`)
  }
  return problems
}
