import fc from 'fast-check'
import type { GatewayMood } from './fake-gateway.ts'
import type { Fault } from './faulty-database.ts'

type Way = 'now' | 'stored' | 'lost'
type Size = 'exact' | 'part' | 'over' | 'tiny'

/** Something that happens to the ledger or around it. Deposits and notices are named by their number, counted back from the newest. */
export type Action =
  | { type: 'create'; user: number; key: number; minor: number; method: 'bank' | 'coin' }
  | { type: 'cancel'; user: number; deposit: number }
  | {
      type: 'pay'
      deposit: number
      size: Size
      when: 'now' | 'in_time' | 'late' | 'untold' | 'ahead'
      foreign: boolean
      way: Way
    }
  | { type: 'takeBack'; deposit: number; kind: 'refund' | 'reversal'; size: Size; foreign: boolean; way: Way }
  | { type: 'mark'; deposit: number; status: 'processing' | 'denied' | 'paid'; way: Way }
  | { type: 'redeliver'; notice: number; renamed: boolean }
  /** A notice of everything that ever happened to the charge. */
  | { type: 'retell'; deposit: number; way: Way }
  | { type: 'takeUp' | 'janitor' | 'refund' | 'turnOver' | 'sweep' | 'crash' }
  /** `thirds` of what the sender has; `again` sends what was sent with that key before. */
  | {
      type: 'transfer'
      from: number
      to: number
      thirds: number
      currency: 'IDR' | 'USDT'
      key: number
      again: boolean
    }
  | { type: 'pass'; ms: number }
  | { type: 'mood'; mood: GatewayMood }
  | { type: 'fault'; fault: Fault; nth: number }

/** Plain objects, so that a failing sequence prints as one could type it. */
const recordOf = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { noNullPrototype: true })

const user = fc.integer({ min: 0, max: 2 })
const key = fc.integer({ min: 0, max: 60 })
/** Counted back from the newest: what happens to one deposit again and again is what breaks it. */
const deposit = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }) },
)
const minor = fc.integer({ min: 10, max: 60 })
/** Mostly all there is: what is spent and then taken back becomes a debt. */
const thirds = fc.constantFrom(1, 2, 3, 3, 3, 4)
const way = fc.constantFrom<Way>('now', 'now', 'stored', 'lost')
const size = fc.constantFrom<Size>('exact', 'exact', 'exact', 'exact', 'part', 'part', 'over', 'tiny')
const foreign = fc.integer({ min: 0, max: 14 }).map((draw) => draw === 7)
const currency = fc.constantFrom<'IDR' | 'USDT'>('IDR', 'IDR', 'USDT')

const create = recordOf({
  type: fc.constant('create' as const),
  user,
  key,
  minor,
  method: fc.constantFrom<'bank' | 'coin'>('bank', 'bank', 'coin'),
})
const pay = recordOf({
  type: fc.constant('pay' as const),
  deposit,
  size,
  when: fc.constantFrom(
    'now' as const,
    'now' as const,
    'now' as const,
    'now' as const,
    'in_time' as const,
    'late' as const,
    'untold' as const,
    'ahead' as const,
  ),
  foreign,
  way,
})
const takeBack = recordOf({
  type: fc.constant('takeBack' as const),
  deposit,
  kind: fc.constantFrom<'refund' | 'reversal'>('refund', 'reversal'),
  size,
  // Often enough to meet money that came in another currency.
  foreign: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 3),
  way,
})
const loops = recordOf({
  type: fc.constantFrom<'takeUp' | 'janitor' | 'refund' | 'turnOver' | 'sweep'>(
    ...(['takeUp', 'janitor', 'janitor', 'refund', 'turnOver', 'sweep'] as const),
  ),
})

/** One action; what matters most comes most often, and no number is dearer than another. */
export const anyAction: fc.Arbitrary<Action> = fc.noBias(
  fc.oneof(
    { weight: 14, arbitrary: create },
    { weight: 26, arbitrary: pay },
    { weight: 10, arbitrary: takeBack },
    { weight: 20, arbitrary: loops },
    {
      weight: 16,
      arbitrary: recordOf({
        type: fc.constant('transfer' as const),
        from: user,
        to: user,
        thirds,
        currency,
        key: fc.integer({ min: 0, max: 30 }),
        again: fc.boolean(),
      }),
    },
    { weight: 4, arbitrary: recordOf({ type: fc.constant('cancel' as const), user, deposit }) },
    {
      weight: 7,
      arbitrary: recordOf({
        type: fc.constant('mark' as const),
        deposit,
        status: fc.constantFrom<'processing' | 'denied' | 'paid'>('processing', 'processing', 'denied', 'paid'),
        way,
      }),
    },
    {
      weight: 4,
      arbitrary: recordOf({ type: fc.constant('redeliver' as const), notice: deposit, renamed: fc.boolean() }),
    },
    {
      weight: 6,
      arbitrary: recordOf({
        type: fc.constant('pass' as const),
        ms: fc.constantFrom(1, 1, 4_000, 4_000, 20_000, 61_000, 200_000),
      }),
    },
    {
      weight: 5,
      arbitrary: recordOf({
        type: fc.constant('mood' as const),
        mood: fc.constantFrom<GatewayMood>(
          'well',
          'well',
          'well',
          'well',
          'well',
          'well',
          'well',
          'away',
          'lost',
          'refuse',
        ),
      }),
    },
    {
      weight: 7,
      arbitrary: recordOf({
        type: fc.constant('fault' as const),
        fault: fc.constantFrom<Fault>('before commit', 'after commit', 'connection killed'),
        nth: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 1, arbitrary: recordOf({ type: fc.constant('crash' as const) }) },
  ),
)
