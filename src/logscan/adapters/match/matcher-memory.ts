import { type KernelMemory, Memory } from './web-assembly.ts'

const pageBytes = 65_536
const alignment = 64

/** The kernel's memory, handed out piece by piece and never moved. */
export class MatcherMemory {
  readonly memory: KernelMemory
  #taken = 1024

  constructor(bytes: number) {
    const pages = Math.ceil((bytes + this.#taken) / pageBytes)
    this.memory = new Memory({ initial: pages, maximum: pages })
  }

  get buffer(): ArrayBuffer {
    return this.memory.buffer
  }

  /** The address of a piece nobody else has. */
  take(bytes: number): number {
    const at = this.#taken
    this.#taken = Math.ceil((at + bytes) / alignment) * alignment
    if (this.#taken > this.buffer.byteLength) throw new Error('the memory of the matcher is too small for its tables')
    return at
  }
}
