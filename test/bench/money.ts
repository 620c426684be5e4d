import type { Bench, BenchContext } from './bench.ts'
import type { Comparison } from './figures.ts'
import { type Program, startProgram } from './program.ts'
import { inRounds } from './rounds.ts'
import type { Statement } from './statements.ts'
import type { Job } from './work-money.ts'

const lanes = 16
const spreadUsers = 1_000
/** Operations of one side of one round: half a second to two seconds' work. */
const jobsPerSide = 600

interface Timing {
  readonly elapsedMs: number
  readonly cpuMs: number
}

/** Settling a paid deposit and crediting its owner, from the stored notice on, against its bare statements. */
export const credits: Bench = async (context) => {
  await using site = await open(context)
  const { work, users } = site
  const trace = await work.call<Statement[]>('traceCredit', (await site.credits(users, 1))[0])
  context.note(listed('settle and credit', trace))
  const ours = () => site.verified(users, (jobs) => work.call<Timing>('credit', { jobs, lanes }))
  const bare = () => site.verified(users, (jobs) => site.replay.call<Timing>('replay', { trace, jobs, lanes }))
  return await compare(context, work, 'settle and credit', ours, bare, 0.5)
}

/** `deposits.create` with a gateway that answers at once, against its bare statements. */
export const creations: Bench = async (context) => {
  await using site = await open(context)
  const { work, users } = site
  const jobsFor = (count: number) => work.call<Job[]>('prepareCreations', { owners: users, count })
  // The first one counts the addresses there are; the count is kept for a while.
  await work.call('create', { jobs: await jobsFor(1), lanes: 1 })
  const trace = await work.call<Statement[]>('traceCreation', (await jobsFor(1))[0])
  context.note(listed('create a deposit', trace))
  const ours = async () => work.call<Timing>('create', { jobs: await jobsFor(jobsPerSide), lanes })
  const bare = async () => {
    const jobs = (await jobsFor(jobsPerSide)).map((job) => ({ ...job, reference: `r-${job.key}` }))
    return site.replay.call<Timing>('replay', { trace, jobs, lanes })
  }
  return await compare(context, work, 'create a deposit', ours, bare, 0.5)
}

/** All credits to one wallet, against credits spread over a thousand users. */
export const hotWallet: Bench = async (context) => {
  await using site = await open(context)
  const { work, users } = site
  const credit = (owners: readonly string[]) => () =>
    site.verified(owners, (jobs) => work.call<Timing>('credit', { jobs, lanes }))
  const hot = credit(users.slice(0, 1))
  const spread = credit(users)
  await spread()
  await hot()
  const figures = await inRounds(context.rounds, { hot, spread })
  const perSecond = figuresOf(figures.hot).perSecond
  return [
    {
      name: 'one hot wallet, credits',
      unit: 'credits/s',
      ours: perSecond,
      baselineName: `spread over ${spreadUsers} wallets`,
      baseline: figuresOf(figures.spread).perSecond,
      aim: { atLeast: 0.3 },
    },
  ]
}

async function open(context: BenchContext) {
  const env = await context.emptyData('mariadb')
  const work = await startProgram('work-money', env)
  const replay = await startProgram('replay-money', env)
  const users = await work.call<string[]>('addUsers', spreadUsers)
  const credits = (owners: readonly string[], count: number) => work.call<Job[]>('prepareCredits', { owners, count })
  return {
    work,
    replay,
    users,
    credits,
    /** Runs credits for these owners and proves that each was made. */
    async verified(owners: readonly string[], run: (jobs: readonly Job[]) => Promise<Timing>): Promise<Timing> {
      const jobs = await credits(owners, jobsPerSide)
      const timing = await run(jobs)
      const settled = await work.call<number>('settled', jobs)
      if (settled !== jobs.length) throw new Error(`of ${jobs.length} deposits ${settled} were settled`)
      return timing
    },
    async [Symbol.asyncDispose]() {
      await replay[Symbol.asyncDispose]()
      await work[Symbol.asyncDispose]()
    },
  }
}

async function compare(
  context: BenchContext,
  work: Program,
  name: string,
  ours: () => Promise<Timing>,
  bare: () => Promise<Timing>,
  atLeast: number,
): Promise<Comparison[]> {
  for (const warmUp of [ours, bare, ours, bare]) await warmUp()
  const figures = await inRounds(context.rounds, { ours, bare })
  await context.profile(work, name, ours)
  const [product, baseline] = [figuresOf(figures.ours), figuresOf(figures.bare)]
  const baselineName = 'bare mysql2, same statements'
  return [
    { name, unit: '1/s', ours: product.perSecond, baselineName, baseline: baseline.perSecond, aim: { atLeast } },
    {
      name: `${name}, process CPU`,
      unit: 'us',
      ours: product.cpuUs,
      baselineName,
      baseline: baseline.cpuUs,
      aim: null,
    },
  ]
}

function figuresOf(timings: readonly Timing[]) {
  return {
    perSecond: timings.map(({ elapsedMs }) => (jobsPerSide * 1000) / elapsedMs),
    cpuUs: timings.map(({ cpuMs }) => (cpuMs * 1000) / jobsPerSide),
  }
}

function listed(name: string, trace: readonly Statement[]): string {
  const lines = trace.map(({ sql, values }, index) => {
    const text = sql.replace(/\s+/g, ' ').slice(0, 100)
    return `  ${String(index + 1).padStart(2)} ${values === null ? '' : 'prepared: '}${text}`
  })
  return `${name}: ${trace.length} round trips to the database\n${lines.join('\n')}`
}
