import { dirname } from 'node:path'
import type { Followed } from './followed.ts'
import { Folders, factsAt, keyOf, type OpenFiles } from './open-files.ts'

/** Finds followed files again, whatever they are called by now. */
export class FilePlaces {
  readonly open: OpenFiles
  readonly folders = new Folders()

  constructor(open: OpenFiles) {
    this.open = open
  }

  /** The descriptor of a file, opened where it is now; null if it is nowhere to be found. */
  descriptorOf(file: Followed): number | null {
    const open = this.open.of(file)
    if (open !== null) return open
    for (const path of [file.generation.path, file.realPath]) {
      const facts = factsAt(path)
      if (facts !== null && keyOf(facts) === keyOf(file.facts)) return this.open.open(file, path, file.facts)
    }
    const moved = this.folders.find(dirname(file.realPath), file.facts)
    if (moved === null) return null
    file.realPath = moved
    return this.open.open(file, moved, file.facts)
  }
}
