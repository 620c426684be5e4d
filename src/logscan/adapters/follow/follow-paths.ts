import { resolve } from 'node:path'
import { describeError } from '../scan/describe-error.ts'
import { filesOf } from '../scan/find-inputs.ts'
import type { Follower } from './follower.ts'
import { NameWatcher } from './watch-names.ts'

export interface LookTimes {
  /** Between looks at everything, which find what no event told. */
  readonly everyMs: number
  /** After an event, until more of what belongs together is written. */
  readonly settleMs: number
  /** Between looks at everything that events ask for. */
  readonly againMs: number
}

interface FollowPathsOptions {
  readonly times: LookTimes
  /** Of files that are there at the first look, only what comes from then on is wanted. */
  readonly atEnd: boolean
  problem(path: string, text: string): void
}

/**
 * Has the follower look at files, folders and globs: when an event tells of something, and every now and then. Events are
 * hints; what is true is found by looking. A look that fails is made again.
 */
export function followPaths(
  follower: Follower,
  names: readonly string[],
  { times: { everyMs, settleMs, againMs }, atEnd, problem }: FollowPathsOptions,
): AsyncDisposable {
  let known = new Set<string>()
  let isFirst = true
  const hinted = new Set<string>()
  let isAllHinted = false
  let timer: NodeJS.Timeout | null = null
  let lastAll = 0
  let looking: Promise<void> | null = null
  let isClosed = false

  const watcher = new NameWatcher(names, hint, (folder, error) => problem(folder, describeError(error)))
  void run()
  const regular = setInterval(() => {
    isAllHinted = true
    schedule(0)
  }, everyMs)
  const rotated = setInterval(() => {
    if (follower.hasRotated) schedule(0)
  }, againMs)

  function hint(path: string, isChange: boolean): void {
    if (isChange && known.has(path)) hinted.add(path)
    else isAllHinted = true
    schedule(isAllHinted ? Math.max(settleMs, againMs - (Date.now() - lastAll)) : settleMs)
  }

  function schedule(delayMs: number): void {
    if (!isClosed && looking === null) timer ??= setTimeout(run, delayMs)
  }

  async function run(): Promise<void> {
    timer = null
    looking = look().catch((error: unknown) => problem('', describeError(error)))
    await looking
    looking = null
    // What was told in the meantime.
    if (hinted.size > 0 || isAllHinted) schedule(settleMs)
  }

  async function look(): Promise<void> {
    const isWanted = isFirst || isAllHinted
    const { paths, isWhole } = isWanted ? await pathsOf(names) : { paths: [...hinted], isWhole: false }
    hinted.clear()
    if (isWanted) {
      isAllHinted = false
      lastAll = Date.now()
      known = new Set(paths)
      watcher.refresh()
    }
    await follower.look(paths, { isAll: isWhole, atEnd: isFirst && atEnd })
    isFirst = false
  }

  return {
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearInterval(regular)
      clearInterval(rotated)
      if (timer !== null) clearTimeout(timer)
      await watcher[Symbol.asyncDispose]()
      follower.close()
      await looking
    },
  }
}

/** Full paths of all files there are now; not whole if some folder could not be looked into, whose files are not gone then. */
async function pathsOf(names: readonly string[]): Promise<{ readonly paths: string[]; readonly isWhole: boolean }> {
  const paths: string[] = []
  let isWhole = true
  const failed = (error: NodeJS.ErrnoException) => {
    // What is not there yet may come.
    if (error.code !== undefined && error.code !== 'ENOENT') isWhole = false
    return []
  }
  for (const name of names)
    for (const path of await filesOf(name, async (_, what) => void (await what().catch(failed))).catch(failed))
      paths.push(resolve(path))
  return { paths, isWhole }
}
