import { existsSync, statSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { filesOf } from '../scan/find-inputs.ts'
import type { Follower } from './follower.ts'

export interface LookTimes {
  /** Between looks at everything, which find what no event told. */
  readonly everyMs: number
  /** After an event, until more of what belongs together is written. */
  readonly settleMs: number
  /** Between looks at everything that events ask for. */
  readonly againMs: number
}

interface Following extends AsyncDisposable {
  /** Problems of a look at everything end it. */
  readonly ended: Promise<void>
}

const magic = /[*?[\]{}()!+@]/

/**
 * Has the follower look at files, folders and globs: when an event tells of something, and every now and then. Events are
 * hints; what is true is found by looking.
 */
export async function followPaths(
  follower: Follower,
  names: readonly string[],
  { everyMs, settleMs, againMs }: LookTimes,
  { atEnd }: { atEnd: boolean },
): Promise<Following> {
  let known = new Set<string>()
  const lookAtAll = async (first: boolean) => {
    known = new Set(await pathsOf(names))
    await follower.look([...known], { isAll: true, atEnd: first && atEnd })
  }
  await lookAtAll(true)

  const hinted = new Set<string>()
  let isAllHinted = false
  let timer: NodeJS.Timeout | null = null
  let lastAll = Date.now()
  let looking: Promise<void> = Promise.resolve()
  let fail: (error: unknown) => void = () => {}
  const ended = new Promise<void>((_, reject) => {
    fail = reject
  })
  ended.catch(() => {})

  const run = () => {
    timer = null
    const isAll = isAllHinted || Date.now() - lastAll >= everyMs
    const paths = [...hinted]
    hinted.clear()
    if (isAll) {
      isAllHinted = false
      lastAll = Date.now()
    }
    looking = (isAll ? lookAtAll(false) : follower.look(paths, { isAll: false })).catch(fail)
  }
  const hint = (path: string, isNew: boolean) => {
    const full = resolve(path)
    if (isNew || !known.has(full)) isAllHinted = true
    else hinted.add(full)
    const delay = isAllHinted ? Math.max(settleMs, againMs - (Date.now() - lastAll)) : settleMs
    timer ??= setTimeout(run, delay)
  }
  const regular = setInterval(() => {
    isAllHinted = true
    timer ??= setTimeout(run, 0)
  }, everyMs)

  const rotated = setInterval(() => {
    if (follower.hasRotated) timer ??= setTimeout(run, 0)
  }, againMs)

  const watcher = watchAll(names)
  watcher.on('all', (event, path) => hint(path, event !== 'change'))
  // What cannot be watched is looked at all the same.
  watcher.on('error', () => {})
  return {
    ended,
    async [Symbol.asyncDispose]() {
      clearInterval(regular)
      clearInterval(rotated)
      if (timer !== null) clearTimeout(timer)
      await watcher.close()
      await looking
    },
  }
}

/** Full paths of all files there are now. */
async function pathsOf(names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const name of names) {
    // What is not there yet may come.
    const paths = await filesOf(name, async (_, what) => what().catch(() => {})).catch(() => [])
    found.push(...paths.map((path) => resolve(path)))
  }
  return found
}

function watchAll(names: readonly string[]): FSWatcher {
  const folders = new Set<string>()
  const files = new Set<string>()
  for (const name of names) {
    const full = resolve(name)
    if (existsSync(full) && statSync(full).isDirectory()) folders.add(full)
    else if (magic.test(name)) folders.add(staticFolder(full))
    else files.add(full)
  }
  const within = (path: string) => [...folders].some((folder) => path === folder || path.startsWith(folder + sep))
  const targets = [...folders, ...[...files].map((file) => dirname(file))].filter((path) => existsSync(path))
  const shallow = new Set([...files].map((file) => dirname(file)))
  return watch(targets, {
    ignoreInitial: true,
    followSymlinks: true,
    // Of a folder that is watched for single files, nothing else is.
    ignored: (path) => {
      const full = resolve(path)
      return !within(full) && !files.has(full) && !shallow.has(full)
    },
  })
}

/** The folder below which all lies that a glob can mean. */
function staticFolder(glob: string): string {
  const parts = glob.split(sep)
  const first = parts.findIndex((part) => magic.test(part))
  return parts.slice(0, first).join(sep) || sep
}
