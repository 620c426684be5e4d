import { z } from 'zod'

interface Bounds {
  readonly min: number
  readonly max: number
}

/**
 * Neither control characters nor line breaks nor half a surrogate pair, which no store, log or screen would give back, nor
 * what turns the direction of text around it.
 */
const oneLine = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*$/u
const oneLineRule = 'must be one line of well-formed text without control characters'

/** Text that people type into one line; spaces around it do not count. */
export function singleLineText({ min, max }: Bounds) {
  return z.string().trim().min(min).max(max).regex(oneLine, oneLineRule)
}

/** The same where every character counts, as in passwords. */
export function exactLine({ min, max }: Bounds) {
  return z.string().min(min).max(max).regex(oneLine, oneLineRule)
}

/** What one machine makes up and another hands back: keys, tokens, cursors. */
export function token({ min, max }: Bounds) {
  return z
    .string()
    .min(min)
    .max(max)
    .regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces')
}
