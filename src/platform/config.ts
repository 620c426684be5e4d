import { resolve } from 'node:path'
import type { z } from 'zod'
import { environmentSchema } from './environment.ts'

export type Config = Readonly<z.output<typeof environmentSchema>>

/** A configuration that cannot be used; `problems` names each variable and its rule, all at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} mistake(s):\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** Reads the configuration from the environment; an empty value counts as absent. Throws ConfigError. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, schema] of Object.entries(environmentSchema.shape)) {
    const { data, error } = schema.safeParse(given[name])
    if (error === undefined) values[name] = data
    else problems.push(...error.issues.map(({ message }) => `${name}: ${message}`))
  }
  const config = values as Config
  for (const { reads, variable, isBroken, rule } of rules)
    if (reads.every((name) => name in values) && isBroken(config)) problems.push(`${variable}: ${rule}`)
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze({ ...config, DATA_DIR: resolve(config.DATA_DIR) })
}

/** What variables must fit together; looked at once those that it reads are valid by themselves. */
interface Rule {
  readonly variable: keyof Config
  readonly reads: readonly (keyof Config)[]
  readonly rule: string
  readonly isBroken: (config: Config) => boolean
}

const rules: readonly Rule[] = [
  {
    variable: 'SMTP_URL',
    reads: ['NODE_ENV', 'SMTP_URL'],
    rule: 'must be set in production, or nobody gets a reset mail',
    isBroken: ({ NODE_ENV, SMTP_URL }) => NODE_ENV === 'production' && SMTP_URL === undefined,
  },
  {
    variable: 'SIMULATOR_SECRET',
    reads: ['SIMULATOR_URL', 'SIMULATOR_SECRET'],
    rule: 'must be set where SIMULATOR_URL is, to what that simulator was given',
    isBroken: ({ SIMULATOR_URL, SIMULATOR_SECRET }) => SIMULATOR_URL !== undefined && SIMULATOR_SECRET === undefined,
  },
  {
    variable: 'GATEWAYS',
    reads: ['NODE_ENV', 'GATEWAYS', 'SIMULATOR_SECRET'],
    rule: '`simulator` makes money out of nothing; production takes it only with a SIMULATOR_SECRET of its own',
    isBroken: ({ NODE_ENV, GATEWAYS, SIMULATOR_SECRET }) =>
      NODE_ENV === 'production' && GATEWAYS.includes('simulator') && SIMULATOR_SECRET === undefined,
  },
  {
    variable: 'SIMULATOR_URL',
    reads: ['ROLE', 'GATEWAYS', 'SIMULATOR_URL'],
    rule: 'must be set for the roles api and worker, or each process has a simulator that knows nothing of the others',
    isBroken: ({ ROLE, GATEWAYS, SIMULATOR_URL }) =>
      (ROLE === 'api' || ROLE === 'worker') && GATEWAYS.includes('simulator') && SIMULATOR_URL === undefined,
  },
  {
    variable: 'ROLE',
    reads: ['ROLE', 'MYSQL_URL'],
    rule: 'scanner needs MYSQL_URL: the embedded database belongs to one process, which follows LOG_SOURCES itself',
    isBroken: ({ ROLE, MYSQL_URL }) => ROLE === 'scanner' && MYSQL_URL === undefined,
  },
  {
    variable: 'ROLE',
    reads: ['ROLE', 'REDIS_URL'],
    rule: 'api, worker and scanner need REDIS_URL, or what one process does the others never hear',
    isBroken: ({ ROLE, REDIS_URL }) => ROLE !== 'all' && REDIS_URL === undefined,
  },
  {
    variable: 'REDIS_URL',
    reads: ['REDIS_URL', 'MYSQL_URL'],
    rule: 'needs MYSQL_URL; the embedded database serves one process, which needs no Redis',
    isBroken: ({ REDIS_URL, MYSQL_URL }) => REDIS_URL !== undefined && MYSQL_URL === undefined,
  },
]
