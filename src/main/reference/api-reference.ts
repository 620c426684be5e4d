import type { AnyTRPCRouter } from '@trpc/server'
import { z } from 'zod'
import { clientEvents, errorKinds, errorTable, serverEvents } from '#contract'
import { type Field, fieldsOf } from './schema-fields.ts'

interface ProcedureDefinition {
  readonly _def: {
    readonly type: 'query' | 'mutation' | 'subscription'
    readonly inputs: readonly unknown[]
    readonly output?: unknown
  }
}

/** The reference of procedures, realtime events and errors, as Markdown. */
export function apiReference(router: AnyTRPCRouter): string {
  const procedures = Object.entries(router._def.procedures as Record<string, ProcedureDefinition>)
  return [
    '# Reference',
    '',
    'Generated from the contract by `npm run reference`; do not edit. Dates are ISO 8601 in UTC, amounts whole minor units in decimal digits.',
    '',
    '## Procedures',
    ...procedures.flatMap(([path, procedure]) => procedureSection(path, procedure)),
    '',
    '## Realtime: server to client',
    ...Object.entries(serverEvents).flatMap(([name, schema]) => [
      '',
      `### \`${name}\``,
      '',
      schema.description ?? '',
      ...table('Payload', fieldsOf(schema, 'output')),
    ]),
    '',
    '## Realtime: client to server',
    '',
    'Each is acknowledged with `{ ok: true, value }` or `{ ok: false, error: { code, message, details, requestId } }`.',
    ...Object.entries(clientEvents).flatMap(([name, { input, output }]) => [
      '',
      `### \`${name}\``,
      ...table('Payload', fieldsOf(input, 'input')),
      ...table('Value', fieldsOf(output, 'output')),
    ]),
    '',
    '## Errors',
    '',
    '| code | status | meaning |',
    '| --- | --- | --- |',
    ...Object.entries(errorTable).map(
      ([code, { kind, message }]) => `| \`${code}\` | ${errorKinds[kind].status} | ${message} |`,
    ),
    '',
  ].join('\n')
}

function procedureSection(path: string, { _def }: ProcedureDefinition): string[] {
  const input = _def.inputs.find((schema): schema is z.ZodType => schema instanceof z.ZodType)
  const argument = input === undefined ? '' : input.safeParse(undefined).success ? 'input?' : 'input'
  const output = _def.output instanceof z.ZodType ? _def.output : undefined
  const verb = _def.type === 'query' ? 'query' : 'mutate'
  return [
    '',
    `### \`${path}\``,
    '',
    `\`client.${path}.${verb}(${argument})\``,
    ...(input === undefined ? [] : table('Input', fieldsOf(input, 'input'))),
    ...(output === undefined ? [] : table('Output', fieldsOf(output, 'output'))),
  ]
}

function table(title: string, fields: readonly Field[]): string[] {
  if (fields.length === 0) return []
  return [
    '',
    `| ${title} | type | |`,
    '| --- | --- | --- |',
    ...fields.map(
      ({ name, type, required, description }) => `| \`${name}\`${required ? '' : '?'} | ${type} | ${description} |`,
    ),
  ]
}
