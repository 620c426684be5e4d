import { z } from 'zod'
import { Timestamp } from '../common.ts'

export const Count = z.number().int()
export const count = (description: string) => Count.describe(description)
export const GroupId = z
  .string()
  .regex(/^[\w-]{1,16}$/, 'must be the id of a group')
  .describe('The group')
export const Source = z
  .string()
  .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits, _ . : -')
  .describe('Name of the source')

export const Window = {
  from: Timestamp.optional().describe('From then on'),
  to: Timestamp.optional().describe('Before then'),
}
