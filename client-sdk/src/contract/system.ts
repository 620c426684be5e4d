import { z } from 'zod'
import { Timestamp } from './common.ts'

export const SystemInfo = z
  .object({
    version: z.string().describe('Version of the server'),
    serverTime: Timestamp.describe("The server's clock"),
    limits: z
      .object({
        bodyMaxBytes: z.number().int().describe('Largest request body, bytes'),
        batchMaxCalls: z.number().int().describe('Most calls in one batch'),
        pageMaxItems: z.number().int().describe('Largest page of a list'),
        socketWatchesMax: z.number().int().describe('Most deposits one socket may watch'),
      })
      .describe('Limits in force'),
  })
  .describe('What this server is')
