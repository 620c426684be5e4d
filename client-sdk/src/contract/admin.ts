import { z } from 'zod'
import { Timestamp } from './common.ts'

export const LedgerCheck = z
  .object({
    invariant: z.string().describe('Short name of the rule'),
    description: z.string().describe('The rule in words'),
    checked: z.number().int().describe('Rows looked at'),
    violations: z.array(z.string()).describe('The rows that break it, at most 100'),
    violationCount: z.number().int().describe('How many rows break it'),
  })
  .describe('One invariant and what breaks it')

export const LedgerVerifyOutput = z.object({
  ok: z.boolean().describe('Whether every invariant holds'),
  verifiedAt: Timestamp,
  checks: z.array(LedgerCheck).describe('Every invariant that data can show'),
})
