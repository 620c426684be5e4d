import type { Frequencies } from './frequencies.ts'
import { bitsOf, joined, type Masks } from './nibbles.ts'
import { lineCost, type Window, type WindowChoice, windowPlaces } from './windows.ts'

export const bucketCount = 8
/** Times every text's window is chosen anew, given all others. */
const rounds = 2
/** Of the texts of four bytes in the sample, so many, the commonest, are tried on each bucket. */
const commonMax = 800

/** Windows that share a bit in the filter. For each place 16 bits say which low nibbles it lets through, 16 which high ones. */
export interface Bucket {
  readonly windows: readonly Window[]
  readonly masks: Masks
}

const none: Masks = Array<number>(windowPlaces).fill(0)

/** Chooses for each text a window and a bucket so that the filter lets as little through as it can. */
export function fillBuckets(texts: readonly WindowChoice[], frequencies: Frequencies): readonly Bucket[] {
  const places = commonPlaces(frequencies)
  const chosen: ({ window: Window; bucket: number } | null)[] = texts.map(() => null)
  const masksIn = (bucket: number) =>
    chosen.reduce<Masks>((masks, one) => (one?.bucket === bucket ? joined(masks, one.window.masks) : masks), none)
  const fillOf = (masks: Masks) => ({
    masks,
    common: commonThrough(masks, places),
    any: frequencies.nibbles.throughAll(masks),
  })
  const fills = Array.from({ length: bucketCount }, () => fillOf(none))
  for (let round = 0; round < rounds; round++)
    for (const [index, options] of texts.entries()) {
      const before = chosen[index]
      chosen[index] = null
      if (before != null) fills[before.bucket] = fillOf(masksIn(before.bucket))
      let least = Number.POSITIVE_INFINITY
      for (const [bucket, fill] of fills.entries())
        for (const window of options) {
          const masks = joined(fill.masks, window.masks)
          // What is common is counted; for the rest, bytes are taken to come independently of each other.
          const cost = window.share * lineCost + frequencies.nibbles.throughAll(masks) - fill.any
          if (cost >= least) continue
          const whole = cost + commonThrough(masks, places) - fill.common
          if (whole >= least) continue
          least = whole
          chosen[index] = { window, bucket }
        }
      const { bucket, window } = chosen[index] as NonNullable<(typeof chosen)[number]>
      fills[bucket] = fillOf(joined((fills[bucket] as (typeof fills)[number]).masks, window.masks))
    }
  return Array.from({ length: bucketCount }, (_, bucket) => ({
    windows: chosen.flatMap((one) => (one?.bucket === bucket ? [one.window] : [])),
    masks: (fills[bucket] as (typeof fills)[number]).masks,
  }))
}

/** Four bytes each, as the bits that a mask must have to let them through, with the share of places at which they stand. */
interface CommonPlaces {
  readonly bits: Uint32Array
  readonly shares: Float64Array
}

function commonPlaces({ fourBytes }: Frequencies): CommonPlaces {
  const common = fourBytes.commonest(commonMax)
  const bits = common.flatMap(([text]) => [0, 8, 16, 24].map((shift) => bitsOf((text >>> shift) & 255)))
  return { bits: Uint32Array.from(bits), shares: Float64Array.from(common, ([, count]) => count / fourBytes.total) }
}

function commonThrough([one, two, three, four]: Masks, { bits, shares }: CommonPlaces): number {
  const [out0, out1, out2, out3] = [~(one as number), ~(two as number), ~(three as number), ~(four as number)]
  let share = 0
  for (let index = 0, at = 0; index < shares.length; index++, at += windowPlaces)
    if (
      ((bits[at] as number) & out0) === 0 &&
      ((bits[at + 1] as number) & out1) === 0 &&
      ((bits[at + 2] as number) & out2) === 0 &&
      ((bits[at + 3] as number) & out3) === 0
    )
      share += shares[index] as number
  return share
}
