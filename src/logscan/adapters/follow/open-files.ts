import type { BigIntStats } from 'node:fs'
import { closeSync, constants, fstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a file is, whatever it is called. */
export interface FileFacts {
  readonly device: string
  readonly inode: string
  /** Nanoseconds since the epoch; 0 where the file system does not know. */
  readonly born: bigint
  readonly size: number
  readonly modified: bigint
}

/** Null if there is no regular file. */
export function factsAt(path: string): FileFacts | null {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false })
  return there === undefined || !there.isFile() ? null : factsOf(there)
}

export function factsOfOpen(fd: number): FileFacts {
  return factsOf(fstatSync(fd, { bigint: true }))
}

function factsOf({ dev, ino, birthtimeNs, size, mtimeNs }: BigIntStats): FileFacts {
  return { device: `${dev}`, inode: `${ino}`, born: birthtimeNs, size: Number(size), modified: mtimeNs }
}

export function keyOf({ device, inode }: Pick<FileFacts, 'device' | 'inode'>): string {
  return `${device}:${inode}`
}

const listingMs = 250

/** Where files are called by now, by the folder they were in; a folder is listed once for all who ask at the same time. */
export class Folders {
  readonly #listings = new Map<string, { readonly at: number; readonly paths: ReadonlyMap<string, string> }>()

  /** Null if it is not there, or the folder cannot be listed. */
  find(folder: string, wanted: Pick<FileFacts, 'device' | 'inode'>): string | null {
    const known = this.#listings.get(folder)
    if (known !== undefined && performance.now() - known.at < listingMs) return known.paths.get(keyOf(wanted)) ?? null
    const paths = new Map<string, string>()
    for (const name of namesIn(folder)) {
      const path = join(folder, name)
      const facts = factsOrNull(path)
      if (facts !== null) paths.set(keyOf(facts), path)
    }
    this.#listings.clear()
    this.#listings.set(folder, { at: performance.now(), paths })
    return paths.get(keyOf(wanted)) ?? null
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function factsOrNull(path: string): FileFacts | null {
  try {
    return factsAt(path)
  } catch {
    return null
  }
}

/** Descriptors of files, the one used longest ago closed first where there are more than there may be. */
export class OpenFiles implements Disposable {
  readonly #most: number
  /** In the order of their use. */
  readonly #open = new Map<object, number>()
  readonly #holds = new Map<object, number>()

  constructor(most: number) {
    this.#most = most
  }

  get count(): number {
    return this.#open.size
  }

  /** The descriptor of whose it is, if it is open. */
  of(owner: object): number | null {
    const fd = this.#open.get(owner)
    if (fd === undefined) return null
    this.#open.delete(owner)
    this.#open.set(owner, fd)
    return fd
  }

  /** Opens a file for somebody, unless another has its name by now. */
  open(owner: object, path: string, wanted: Pick<FileFacts, 'device' | 'inode'>): number | null {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (keyOf(factsOfOpen(fd)) !== keyOf(wanted)) {
      closeSync(fd)
      return null
    }
    this.close(owner)
    this.#open.set(owner, fd)
    this.#closeOldest()
    return fd
  }

  /** It is not closed to make room for others until it is let go. */
  hold(owner: object): Disposable {
    const count = (by: number) => this.#holds.set(owner, (this.#holds.get(owner) ?? 0) + by)
    count(1)
    return {
      [Symbol.dispose]: () => {
        if (count(-1).get(owner) === 0) this.#holds.delete(owner)
        this.#closeOldest()
      },
    }
  }

  close(owner: object): void {
    const fd = this.#open.get(owner)
    if (fd === undefined) return
    this.#open.delete(owner)
    closeSync(fd)
  }

  [Symbol.dispose](): void {
    for (const owner of [...this.#open.keys()]) this.close(owner)
  }

  #closeOldest(): void {
    for (const owner of this.#open.keys()) {
      if (this.#open.size <= this.#most) return
      if (!this.#holds.has(owner)) this.close(owner)
    }
  }
}
