import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const config = join(root, '.config/dependency-cruiser.cjs')
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
const ruleNames: string[] = createRequire(import.meta.url)(config).forbidden.map((rule: { name: string }) => rule.name)

/** Each rule with a file that breaks it: `[rule, file, source]`. */
const violations: [rule: string, file: string, source: string][] = [
  ['no-cycles', 'src/kernel/chicken.ts', `import { egg } from './egg.ts'\nexport const chicken = egg`],
  ['resolvable', 'src/platform/lost.ts', `import './nowhere.ts'`],
  ['kernel-imports-nothing', 'src/kernel/random.ts', `import 'node:crypto'`],
  ['kernel-imports-nothing', 'src/kernel/shape.ts', `import 'zod'`],
  ['domain-is-pure', 'src/payments/domain/with-package.ts', `import 'zod'`],
  ['domain-is-pure', 'src/payments/domain/with-builtin.ts', `import 'node:fs'`],
  ['domain-is-pure', 'src/payments/domain/with-app.ts', `import type { Pay } from '../app/pay.ts'`],
  ['domain-is-pure', 'src/payments/domain/with-platform.ts', `import '../../platform/log.ts'`],
  ['domain-is-pure', 'src/payments/domain/with-contract.ts', `import type { View } from '#contract'`],
  ['app-knows-domain-and-kernel', 'src/payments/app/with-package.ts', `import 'sequelize'`],
  ['app-knows-domain-and-kernel', 'src/payments/app/with-builtin.ts', `import 'node:fs'`],
  [
    'app-knows-domain-and-kernel',
    'src/payments/app/with-logger.ts',
    `import type { Log } from '../../platform/log.ts'`,
  ],
  ['app-knows-domain-and-kernel', 'src/payments/app/with-adapter.ts', `import '../adapters/store.ts'`],
  ['app-takes-contract-types-only', 'src/payments/app/with-schema.ts', `import { schema } from '#contract'`],
  ['adapters-know-their-context-and-platform', 'src/payments/adapters/with-main.ts', `import '../../main/app.ts'`],
  ['adapters-know-their-context-and-platform', 'src/payments/outside.ts', `import '../main/app.ts'`],
  ['contexts-never-meet', 'src/payments/adapters/with-social.ts', `import '../../social/domain/post.ts'`],
  ['contexts-never-meet', 'src/social/domain/with-payments.ts', `import type { Pay } from '../../payments/app/pay.ts'`],
  ['platform-knows-no-context', 'src/platform/with-context.ts', `import '../payments/domain/deposit.ts'`],
  ['platform-knows-no-context', 'src/platform/with-main.ts', `import '../main/app.ts'`],
  ['contract-by-its-alias', 'src/platform/by-path.ts', `import '../../client-sdk/src/contract/index.ts'`],
  ['contract-imports-zod', 'client-sdk/src/contract/with-package.ts', `import 'sequelize'`],
  ['contract-imports-zod', 'client-sdk/src/contract/with-builtin.ts', `import 'node:fs'`],
  ['contract-imports-zod', 'client-sdk/src/contract/with-client.ts', `import '../index.ts'`],
  ['sdk-knows-itself', 'client-sdk/src/with-server.ts', `import type { Log } from '../../src/platform/log.ts'`],
  ['router-type-as-a-type', 'client-sdk/src/with-router.ts', `import '../../src/main/router-type.ts'`],
  ['console-is-a-client', 'src/console/with-server.ts', `import '../kernel/money.ts'`],
  ['console-is-a-client', 'src/console/with-builtin.ts', `import 'node:fs'`],
  ['no-test-code', 'src/main/with-test.ts', `import '../../test/support/faker.ts'`],
  ['migrations-stand-alone', 'db/migrations/002-with-package.ts', `import 'sequelize'`],
  ['migrations-stand-alone', 'db/migrations/003-with-context.ts', `import '../../src/payments/domain/deposit.ts'`],
  ['schema-knows-the-database', 'db/schema.ts', `import '../src/platform/log.ts'`],
]

/** A small tree that keeps every rule, and what the violations above refer to. */
const lawful: Record<string, string> = {
  'node_modules/zod/index.js': '',
  'node_modules/sequelize/index.js': '',
  'client-sdk/src/contract/index.ts': `import 'zod'\nimport './money.ts'\nexport const schema = 1\nexport type View = 1`,
  'client-sdk/src/contract/money.ts': `export const currency = 1`,
  'client-sdk/src/index.ts': `import 'zod'\nimport './contract/index.ts'\nimport type { R } from '../../src/main/router-type.ts'`,
  'src/kernel/money.ts': `import './assert.ts'`,
  'src/kernel/assert.ts': '',
  'src/platform/log.ts': `import 'node:fs'\nimport 'zod'\nimport '../kernel/money.ts'\nimport { schema } from '#contract'\nexport type Log = 1`,
  'src/platform/database/migrate.ts': `import 'sequelize'\nexport type Migration = 1`,
  'src/payments/domain/deposit.ts': `import '../../kernel/money.ts'\nimport './policy.ts'`,
  'src/payments/domain/policy.ts': '',
  'src/payments/app/ports.ts': '',
  'src/payments/app/pay.ts': `import '../domain/deposit.ts'\nimport '../../kernel/money.ts'\nimport './ports.ts'\nimport type { View } from '#contract'\nexport type Pay = 1`,
  'src/payments/adapters/store.ts': `import 'node:fs'\nimport 'sequelize'\nimport '../app/pay.ts'\nimport '../domain/deposit.ts'\nimport '../../platform/log.ts'\nimport { schema } from '#contract'`,
  'src/social/domain/post.ts': `import '../../kernel/money.ts'`,
  'src/main/app.ts': `import '../payments/adapters/store.ts'\nimport '../social/domain/post.ts'\nimport '../platform/log.ts'\nimport 'zod'`,
  'src/main/router-type.ts': `import './app.ts'\nexport type R = 1`,
  'src/console/page.tsx': `import 'zod'\nimport '../../client-sdk/src/index.ts'\nexport const page = <p />`,
  'db/schema.ts': `import '../src/platform/database/migrate.ts'`,
  'db/migrations/001-start.ts': `import type { Migration } from '../../src/platform/database/migrate.ts'\nimport '../schema.ts'`,
}

/** What else the violations need; lawful by itself. */
const props = {
  'src/kernel/egg.ts': `import { chicken } from './chicken.ts'\nexport const egg = chicken`,
  'test/support/faker.ts': '',
}

interface Violation {
  from: string
  rule: { name: string }
}

async function cruise(directory: string): Promise<Violation[]> {
  const args = [cruiser, '--config', config, '--output-type', 'json', 'src', 'client-sdk', 'db']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, maxBuffer: 64 * 1024 * 1024 })
  const { summary } = JSON.parse(stdout)
  // Without a parser for TypeScript the cruiser would skip every file and find nothing wrong.
  expect(summary.totalDependenciesCruised).toBeGreaterThan(10)
  return summary.violations
}

async function plant(directory: string, files: Record<string, string>): Promise<void> {
  for (const [file, source] of Object.entries(files)) {
    await mkdir(join(directory, dirname(file)), { recursive: true })
    await writeFile(join(directory, file), source)
  }
}

const named = (found: Violation[]) => found.map(({ rule, from }) => `${rule.name}: ${from}`)

describe('the import rules', { timeout: 60_000 }, () => {
  let directory: string
  let found: string[]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'xm-imports-'))
    await plant(directory, { ...lawful, 'package.json': await readFile(join(root, 'package.json'), 'utf8') })
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('hold in this code base', async () => {
    expect(named(await cruise(root))).toEqual([])
  })

  it('let lawful imports pass', async () => {
    expect(named(await cruise(directory))).toEqual([])
  })

  describe('catch', () => {
    beforeAll(async () => {
      await plant(directory, { ...props, ...Object.fromEntries(violations.map(([, file, source]) => [file, source])) })
      found = named(await cruise(directory))
    }, 60_000)

    it.each(violations)('%s in %s', (rule, file) => {
      expect(found).toContain(`${rule}: ${file}`)
    })
  })

  it('are each proven by a violation', () => {
    expect([...new Set(violations.map(([rule]) => rule))].sort()).toEqual([...ruleNames].sort())
  })
})
