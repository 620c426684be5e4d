import { existsSync, statSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

/** What is watched for a name: a folder, so many folders deep, and in it perhaps a single file. */
interface Target {
  readonly folder: string
  readonly depth: number | undefined
  readonly file: string | null
}

const magic = /[*?[\]{}()!+@]/

/** Watches the folders in which files, folders and globs lie, once they are there. Events are hints only. */
export class NameWatcher implements AsyncDisposable {
  readonly #names: readonly string[]
  readonly #hint: (path: string, isChange: boolean) => void
  readonly #problem: (path: string, error: Error) => void
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>()

  constructor(
    names: readonly string[],
    hint: (path: string, isChange: boolean) => void,
    problem: (path: string, error: Error) => void,
  ) {
    this.#names = names
    this.#hint = hint
    this.#problem = problem
  }

  /** Folders that are there now are watched from now on, those that were made anew as well. */
  refresh(): void {
    for (const name of this.#names) {
      const target = targetOf(name)
      const there = statSync(target.folder, { throwIfNoEntry: false })
      const identity = there?.isDirectory() ? `${there.dev}:${there.ino}` : ''
      const known = this.#watchers.get(name)
      if (known?.identity === identity) continue
      void known?.watcher.close()
      this.#watchers.delete(name)
      if (identity !== '') this.#watchers.set(name, { watcher: this.#watch(target), identity })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watchers.values()].map(({ watcher }) => watcher.close()))
  }

  #watch({ folder, depth, file }: Target): FSWatcher {
    const watcher = watch(folder, {
      ignoreInitial: true,
      ...(depth !== undefined && { depth }),
      ...(file !== null && { ignored: (path: string) => resolve(path) !== folder && resolve(path) !== file }),
    })
    watcher.on('all', (event, path) => this.#hint(resolve(path), event === 'change'))
    watcher.on('error', (error) => this.#problem(folder, error as Error))
    return watcher
  }
}

function targetOf(name: string): Target {
  const full = resolve(name)
  if (existsSync(full)) {
    if (statSync(full).isDirectory()) return { folder: full, depth: undefined, file: null }
  } else if (magic.test(name)) return globTarget(full)
  return { folder: dirname(full), depth: 0, file: full }
}

/** The folder below which all lies that a glob can mean, and how deep. */
function globTarget(glob: string): Target {
  const parts = glob.split(sep)
  const first = parts.findIndex((part) => magic.test(part))
  const depth = glob.includes('**') ? undefined : parts.length - first - 1
  return { folder: parts.slice(0, first).join(sep) || sep, depth, file: null }
}
