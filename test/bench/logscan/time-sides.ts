import { inRounds } from '../rounds.ts'
import { Disagreement } from './check-counts.ts'
import type { LogFile } from './log-files.ts'
import type { Side, SideName } from './sides.ts'
import type { Timing, Timings } from './speeds.ts'
import { type Run, runWhole } from './whole-process.ts'

interface TimedLogs {
  readonly profile: string
  readonly small: LogFile
  readonly large: LogFile
}

/** Many times slower than the rest: the small file, twice, tells all there is to tell. */
const slow: readonly `${string}: ${SideName}`[] = ['typical: regexp', 'dense: grep']
const slowRoundsMax = 2

/** Each side, in turn, on the small and on the large log. Every count is looked at; throws Disagreement. */
export async function timeSides(
  { profile, small, large }: TimedLogs,
  sides: ReadonlyMap<SideName, Side>,
  rounds: number,
): Promise<Timings> {
  const timed = (names: readonly SideName[], timing: (side: Side) => Promise<Timing>) =>
    Object.fromEntries(names.map((name) => [name, () => timing(sides.get(name)!)]))
  const names = [...sides.keys()]
  const isSlow = (name: SideName) => slow.includes(`${profile}: ${name}`)
  const both = timed(
    names.filter((name) => !isSlow(name)),
    async (side) => ({ small: await timeOnce(side, small), large: await timeOnce(side, large) }),
  )
  const smallOnly = timed(
    names.filter((name) => isSlow(name)),
    async (side) => ({ small: await timeOnce(side, small), large: null }),
  )
  const figures = {
    ...(await inRounds(rounds, both)),
    ...(await inRounds(Math.min(rounds, slowRoundsMax), smallOnly)),
  }
  return { profile, smallBytes: small.bytes, largeBytes: large.bytes, sides: figures }
}

async function timeOnce(side: Side, log: LogFile): Promise<Run> {
  const run = await runWhole(side.command(log.path), { keepOutput: !side.isLoud })
  const problem = side.isLoud ? null : side.problemIn(run.output, log.facts)
  if (problem !== null) throw new Disagreement(`${side.title} ${problem}`)
  return run
}
