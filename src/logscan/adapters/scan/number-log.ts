import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Numbers in memory before they go to the file. */
const blockNumbers = 65_536

/** A long list of whole numbers (i32) in a file of its own: memory does not grow with it. */
export class NumberLog implements Disposable {
  readonly #fd = openNameless()
  readonly #block = new Int32Array(blockNumbers)
  #used = 0
  #written = 0

  add(number: number): void {
    if (this.#used === blockNumbers) this.#flush()
    this.#block[this.#used++] = number
  }

  /** All of them, in the order in which they were added. */
  *all(): Generator<number> {
    this.#flush()
    const block = new Int32Array(blockNumbers)
    for (let at = 0; at < this.#written; ) {
      const read = readSync(this.#fd, block, 0, Math.min(block.byteLength, this.#written - at), at)
      at += read
      yield* block.subarray(0, read / Int32Array.BYTES_PER_ELEMENT)
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }

  #flush(): void {
    const bytes = Buffer.from(this.#block.buffer, 0, this.#used * Int32Array.BYTES_PER_ELEMENT)
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#written + at)
    this.#written += bytes.length
    this.#used = 0
  }
}

/** A file without a name is gone with its process, however that ends. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'logscan-'))
  try {
    return openSync(join(folder, 'numbers'), 'w+', 0o600)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
