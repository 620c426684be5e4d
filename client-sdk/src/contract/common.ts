import { z } from 'zod'
import { pageMaxItems } from './limits.ts'
import { token } from './text.ts'

export const Currency = z.enum(['IDR', 'USD', 'USDT']).describe('Currency code; exponents: IDR 0, USD 2, USDT 6')

/** A signed 64-bit integer as decimal digits, without leading zeros. */
export const SignedMinor = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,18})$/, 'must be a whole number of minor units in decimal digits')
  .describe('Whole minor units as a decimal string; may be negative')

export const Minor = z
  .string()
  .regex(/^(0|[1-9]\d{0,18})$/, 'must be a whole number of minor units in decimal digits')
  // Compared as text: this runs on input that is no number, too.
  .refine((digits) => digits.length < 19 || digits <= '9223372036854775807', 'must fit 64 bits')
  .describe('Whole minor units as a decimal string, from 0 to 2^63-1')

export const Money = z
  .object({ minor: Minor, currency: Currency })
  .describe('An exact amount in minor units of one currency')

export const SignedMoney = z
  .object({ minor: SignedMinor, currency: Currency })
  .describe('An exact amount, negative where money went out')

export const PositiveMoney = z
  .object({
    minor: Minor.refine((digits) => digits !== '0', 'must be more than zero'),
    currency: Currency,
  })
  .describe('An exact amount above zero')

export const Id = z.uuid().describe('Identifier (UUID version 7; sorts by creation time)')
export const Timestamp = z.iso.datetime().describe('UTC time, ISO 8601, milliseconds')

export const IdempotencyKey = token({ min: 8, max: 128 }).describe(
  'Chosen by the client, 8 to 128 characters; the same key with the same input gets the first answer',
)

/** What a list takes at least. A list whose every field may be absent ends in `.prefault({})`: then so may its input. */
export const PageInput = z.object({
  cursor: token({ min: 0, max: 200 }).optional().describe('nextCursor of the page before; absent for the first page'),
  limit: z.number().int().min(1).max(pageMaxItems).default(20).describe(`Items on a page, 1 to ${pageMaxItems}`),
})

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item).describe('The items, newest first'),
    nextCursor: z.string().nullable().describe('Ask with this for the next page; null at the end'),
  })
}

export const Done = z.object({ done: z.literal(true).describe('Always true: the command was carried out') })
