const bucketsMax = 512
const widthFirst = 1000

/** Counts over time, in bounded memory: the finer the shorter the time. */
export class TimeLine {
  #buckets = new Map<number, number>()
  /** Of a bucket, in ms. */
  #width = widthFirst
  first = Number.POSITIVE_INFINITY
  last = Number.NEGATIVE_INFINITY

  /** Milliseconds since the epoch. */
  add(time: number): void {
    if (time < this.first) this.first = time
    if (time > this.last) this.last = time
    const bucket = Math.floor(time / this.#width)
    const count = this.#buckets.get(bucket)
    this.#buckets.set(bucket, (count ?? 0) + 1)
    if (count === undefined) while (this.#buckets.size > bucketsMax) this.#widen()
  }

  /** The counts of equal stretches of the time from `from` to `to`. */
  stretches(from: number, to: number, count: number): number[] {
    const stretches = Array<number>(count).fill(0)
    const length = Math.max(1, to - from + 1)
    for (const [bucket, lines] of this.#buckets) {
      const middle = Math.min(to, Math.max(from, (bucket + 0.5) * this.#width))
      const index = Math.min(count - 1, Math.floor(((middle - from) / length) * count))
      stretches[index] = (stretches[index] as number) + lines
    }
    return stretches
  }

  #widen(): void {
    this.#width *= 2
    const wider = new Map<number, number>()
    for (const [bucket, lines] of this.#buckets) {
      const half = Math.floor(bucket / 2)
      wider.set(half, (wider.get(half) ?? 0) + lines)
    }
    this.#buckets = wider
  }
}
