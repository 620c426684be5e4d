import type { HitBatch } from '../../domain/scan/scan-request.ts'
import type { Output } from './output.ts'

const roomBytes = 65_536
const numberMaxBytes = 20

/** Writes records as they came, with the file and the line's number before each, which are only known here. */
export class RecordOutput {
  readonly #output: Output
  readonly #room = Buffer.allocUnsafe(roomBytes)
  #used = 0

  constructor(output: Output) {
    this.#output = output
  }

  async write(file: string, linesBefore: number, { records, recordEnds, newlines }: HitBatch): Promise<void> {
    const head = Buffer.from(`{"file":${JSON.stringify(file)},"line":`)
    let from = 0
    for (let index = 0; index < recordEnds.length; index++) {
      const to = recordEnds[index] as number
      if (this.#used + head.length + numberMaxBytes > roomBytes) await this.#flush()
      if (head.length + numberMaxBytes > roomBytes) await this.#output.writeBytes(head)
      else this.#put(head)
      this.#used += this.#room.write(String(linesBefore + (newlines[index] as number) + 1), this.#used, 'latin1')
      const record = records.subarray(from, to)
      if (this.#used + record.length > roomBytes) await this.#flush()
      if (record.length > roomBytes) await this.#output.writeBytes(record)
      else this.#put(record)
      from = to
    }
    await this.#flush()
  }

  #put(bytes: Uint8Array): void {
    this.#room.set(bytes, this.#used)
    this.#used += bytes.length
  }

  async #flush(): Promise<void> {
    await this.#output.writeBytes(this.#room.subarray(0, this.#used))
    this.#used = 0
  }
}
