import { basename, dirname, join } from 'node:path'
import type { Generation } from '../../domain/follow/generation.ts'
import { originalNames } from '../../domain/follow/rotation-name.ts'
import { type FileFacts, keyOf } from './open-files.ts'

/** Texts that are known and in no file that is followed: those that ended, and those that were not seen yet since the start. */
export class KnownTexts {
  readonly #endedMax: number
  readonly #byPath = new Map<string, Generation[]>()
  readonly #endedByKey = new Map<string, Generation[]>()
  readonly #unseen = new Map<string, Generation>()
  /** In the order in which they ended. */
  readonly #ended = new Set<Generation>()

  constructor(endedMax: number) {
    this.#endedMax = endedMax
  }

  add(generation: Generation): void {
    if (!generation.isEnded) {
      this.#unseen.set(keyOf(generation), generation)
      return
    }
    if (generation.offset === 0) return
    this.#ended.add(generation)
    addTo(this.#byPath, generation.path, generation)
    addTo(this.#endedByKey, keyOf(generation), generation)
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#endedMax) break
      this.#forgetEnded(oldest)
    }
  }

  /** The one that was read of the file with that number and not seen since. */
  unseenIn(facts: Pick<FileFacts, 'device' | 'inode'>): Generation | null {
    return this.#unseen.get(keyOf(facts)) ?? null
  }

  /** Those that ended in the file with that number, the last first: it may only have been out of sight. */
  endedIn(facts: Pick<FileFacts, 'device' | 'inode'>): readonly Generation[] {
    return [...(this.#endedByKey.get(keyOf(facts)) ?? [])].reverse()
  }

  get unseen(): readonly Generation[] {
    return [...this.#unseen.values()]
  }

  /** Those that were not seen since the start, in files that, compressed, could have that path. */
  unseenBefore(path: string): readonly Generation[] {
    const originals = originalPaths(path)
    return this.unseen.filter((generation) => originals.includes(generation.path))
  }

  /** It is seen again, or was ended. */
  seen(generation: Generation): void {
    if (generation.isEnded) this.#forgetEnded(generation)
    else this.#unseen.delete(keyOf(generation))
  }

  /** Those that ended in files that, rotated, could have that path; the last to end first. */
  endedBefore(path: string): readonly Generation[] {
    return originalPaths(path).flatMap((original) => [...(this.#byPath.get(original) ?? [])].reverse())
  }

  #forgetEnded(generation: Generation): void {
    this.#ended.delete(generation)
    removeFrom(this.#byPath, generation.path, generation)
    removeFrom(this.#endedByKey, keyOf(generation), generation)
  }
}

function addTo(lists: Map<string, Generation[]>, key: string, generation: Generation): void {
  lists.set(key, [...(lists.get(key) ?? []), generation])
}

function removeFrom(lists: Map<string, Generation[]>, key: string, generation: Generation): void {
  const left = (lists.get(key) ?? []).filter((other) => other !== generation)
  if (left.length === 0) lists.delete(key)
  else lists.set(key, left)
}

/** Where a file may have been before it was rotated. */
export function originalPaths(path: string): readonly string[] {
  return originalNames(basename(path)).map((name) => join(dirname(path), name))
}
