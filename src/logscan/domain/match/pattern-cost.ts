import { type LogPattern, treeOf } from '../log-pattern.ts'
import { compileProgram } from '../pattern/program.ts'
import { requirementsOf } from '../pattern/required.ts'
import { Frequencies } from './frequencies.ts'
import { typicalLog } from './typical-log.ts'
import { cheapestTexts, leastShare } from './windows.ts'

/** What it costs to look for patterns. */
export interface PatternCost {
  /** Of their program: they cost memory. */
  readonly steps: number
  /** Whether some text must stand in every line that matches, so that other lines are passed over at the full speed. */
  readonly isFiltered: boolean
  /** Places in a mebibyte of a typical log at which such a text begins, and a line is looked at closely; null without a filter. */
  readonly looksPerMib: number | null
}

const mib = 1_048_576
let typical: Frequencies | null = null

/** Throws PatternError. */
export function costOf(pattern: LogPattern): PatternCost {
  typical ??= new Frequencies(Buffer.from(typicalLog))
  const tree = treeOf(pattern)
  const { length: steps } = compileProgram([tree]).steps
  const texts = cheapestTexts(requirementsOf(tree), typical)
  if (texts === null) return { steps, isFiltered: false, looksPerMib: null }
  const share = texts.reduce((sum, windows) => sum + leastShare(windows), 0)
  return { steps, isFiltered: true, looksPerMib: Math.min(1, share) * mib }
}

/** Of patterns that are looked for together: one without a filter has every line read for all of them. */
export function sumCosts(costs: readonly PatternCost[]): PatternCost {
  const steps = costs.reduce((sum, cost) => sum + cost.steps, 0)
  const isFiltered = costs.every((cost) => cost.isFiltered)
  const looks = costs.reduce((sum, { looksPerMib }) => sum + (looksPerMib ?? 0), 0)
  return { steps, isFiltered, looksPerMib: isFiltered ? Math.min(mib, looks) : null }
}
