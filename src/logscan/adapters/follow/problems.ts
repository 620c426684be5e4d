import { LRUCache } from 'lru-cache'
import { describeError } from '../scan/describe-error.ts'

const pathsMax = 1000

/** Tells what goes wrong with files, the same only once in a row; nothing once it is closed. */
export class Problems {
  readonly #tell: (path: string, text: string) => void
  readonly #last = new LRUCache<string, string>({ max: pathsMax })
  #isClosed = false

  constructor(tell: (path: string, text: string) => void) {
    this.#tell = tell
  }

  tell(path: string, text: string): void {
    if (this.#isClosed || this.#last.get(path) === text) return
    this.#last.set(path, text)
    this.#tell(path, text)
  }

  /** What goes wrong with one file harms no other. */
  async attempt(path: string, what: () => void | Promise<void>): Promise<void> {
    try {
      await what()
    } catch (error) {
      this.tell(path, describeError(error))
    }
  }

  close(): void {
    this.#isClosed = true
  }
}
