import type { Context } from 'hono'
import type { z } from 'zod'
import type { Clock } from '../../../../kernel/clock.ts'
import type { Logger } from '../../../../platform/log.ts'
import { Refusal } from './refusal.ts'
import { isSigned, signatureHeader } from './signing.ts'
import { issuesOf, toJson } from './wire.ts'

export function answer(c: Context, body: unknown, status: 200 | 201 = 200): Response {
  return c.body(toJson(body), status, { 'content-type': 'application/json' })
}

export function answerError(c: Context, error: unknown, log: Logger): Response {
  if (!(error instanceof Refusal)) {
    log.error({ err: error, method: c.req.method, path: c.req.path }, 'the simulator failed at a request')
    return c.json({ error: { code: 'internal', message: 'the simulator failed; its log says why' } }, 500)
  }
  const { code, message, issues, status } = error
  return c.json({ error: { code, message, ...(issues.length > 0 && { issues }) } }, status)
}

/** Reads a tester's body; none at all counts as `{}`. Throws a 400 that names each field and rule. */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const text = await c.req.text()
  return parseBody(text.trim() === '' ? '{}' : text, schema)
}

/** Reads a body that only a holder of the secret could send. Throws a 401. */
export async function readSignedBody<T extends z.ZodType>(
  c: Context,
  schema: T,
  { secret, clock }: { secret: string; clock: Clock },
): Promise<z.output<T>> {
  const raw = new Uint8Array(await c.req.arrayBuffer())
  if (!isSigned(secret, c.req.header(signatureHeader), raw, clock.now()))
    throw new Refusal(401, 'signature.invalid', `${signatureHeader} does not fit the body, the secret or the time`)
  return parseBody(Buffer.from(raw).toString('utf8'), schema)
}

function parseBody<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const issues = issuesOf(parsed.error)
  const message = issues.map(({ field, rule }) => (field === '' ? rule : `${field}: ${rule}`)).join('; ')
  throw new Refusal(400, 'body.invalid', message, issues)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(400, 'body.malformed', 'the body is not JSON')
  }
}
