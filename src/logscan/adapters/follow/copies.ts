import type { Generation } from '../../domain/follow/generation.ts'
import type { FilePlaces } from './file-places.ts'
import type { FileReader } from './file-reader.ts'
import { beginsAlike, headOf, holds, tailOf } from './file-text.ts'
import type { Followed, ReadText } from './followed.ts'
import { type KnownTexts, originalPaths } from './known-texts.ts'
import type { FileFacts } from './open-files.ts'

/** A file that may be a copy that is still being made. */
interface Unclear {
  readonly size: number
  readonly since: number
}

interface CopiesDeps {
  readonly files: ReadonlyMap<string, Followed>
  readonly texts: KnownTexts
  readonly places: FilePlaces
  readonly reader: FileReader
  now(): number
}

const unclearMs = 2000
/** For an original to be read; a longer one is looked at again. */
const waitMaxMs = 1000

/** Tells copies, as rotations make them, from texts that nobody has read. */
export class Copies {
  readonly #deps: CopiesDeps
  readonly #unclear = new Map<string, Unclear>()

  constructor(deps: CopiesDeps) {
    this.#deps = deps
  }

  /**
   * How far the text of a new file was read already, where it is a copy of another that, by its name, it may be; null if it is
   * a text of its own; 'unclear' while a copy may still be being made.
   */
  async originalOf(fd: number, path: string, facts: FileFacts): Promise<ReadText | 'unclear' | null> {
    const found = await this.#search(fd, path, facts)
    if (found !== 'unclear') this.#unclear.delete(path)
    return found
  }

  async #search(fd: number, path: string, facts: FileFacts): Promise<ReadText | 'unclear' | null> {
    const { files, texts, reader } = this.#deps
    const originals = originalPaths(path)
    if (originals.length === 0) return null
    const live = [...files.values()].filter(({ generation }) => originals.includes(generation.path))
    if (live.length === 0 && texts.endedBefore(path).length === 0) return null
    // As a copy begins, and as what will be compressed does.
    if (facts.size === 0) return 'unclear'
    for (const file of live) {
      // What was written before the copy was made is in both: it is read where it was written, or was cut since.
      reader.changed(file)
      await reader.whenRead(file, waitMaxMs)
      if (file.reading !== null) return 'unclear'
      const { generation } = file
      if (generation.offset > 0 && holds(fd, facts.size, generation)) return generation
      if (facts.size < generation.offset && this.#beginsLike(fd, facts, file))
        return this.#mayGrow(path, facts) ? 'unclear' : readUpTo(fd, facts.size, generation)
    }
    const ended = texts.endedBefore(path)
    const whole = ended.find((generation) => holds(fd, facts.size, generation))
    if (whole !== undefined) return whole
    // The original was cut, and lines were read of it that the copy, made before, does not have.
    const longer = ended.find((generation) => facts.size < generation.offset && beginsAlike(fd, generation))
    if (longer === undefined) return null
    return this.#mayGrow(path, facts) ? 'unclear' : readUpTo(fd, facts.size, longer)
  }

  /** A file has a part of the text of one that is followed, from its beginning. */
  #beginsLike(fd: number, { size }: FileFacts, file: Followed): boolean {
    const original = this.#deps.places.descriptorOf(file)
    if (original === null) return false
    return [headOf, tailOf].every((pieceAt) => pieceAt(original, size).hash === pieceAt(fd, size).hash)
  }

  #mayGrow(path: string, { size }: FileFacts): boolean {
    const before = this.#unclear.get(path)
    const now = this.#deps.now()
    if (before?.size === size) return now - before.since < unclearMs
    this.#unclear.set(path, { size, since: now })
    return true
  }
}

function readUpTo(fd: number, offset: number, { newlines }: Generation): ReadText {
  return { offset, newlines, head: headOf(fd, offset), tail: tailOf(fd, offset) }
}
