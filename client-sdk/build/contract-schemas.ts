import type ts from 'typescript'
import type { z } from 'zod'
import * as contract from '../src/contract/index.ts'

/** A schema, or a plain table of schemas such as `serverEvents`. */
export type SchemaNode = z.ZodType | Readonly<Record<string, unknown>>

interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly element?: z.ZodType
  readonly valueType?: z.ZodType
  readonly shape?: Record<string, z.ZodType>
  readonly options?: readonly z.ZodType[]
  readonly entries?: Record<string, string>
}

const isSchema = (value: unknown): value is z.ZodType => typeof value === 'object' && value !== null && '_zod' in value
const definition = (schema: z.ZodType) => schema._zod.def as unknown as Definition

/** What is wrapped in optional, nullable, default and the like; undefined at the core. */
function inner(schema: z.ZodType): z.ZodType | undefined {
  const { type, innerType, in: from } = definition(schema)
  return type === 'pipe' ? from : innerType
}

function core(node: SchemaNode | undefined): Definition | undefined {
  if (!isSchema(node)) return undefined
  let schema = node
  for (let next = inner(schema); next; next = inner(schema)) schema = next
  return definition(schema)
}

/** The text of `.describe()`, of the schema or of what it wraps. */
export function descriptionOf(node: SchemaNode | undefined): string | undefined {
  for (let schema = isSchema(node) ? node : undefined; schema; schema = inner(schema))
    if (schema.description) return schema.description
  return undefined
}

export function propertySchema(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  if (node && !isSchema(node)) return node[name] as SchemaNode | undefined
  return core(node)?.shape?.[name]
}

export function elementSchema(node: SchemaNode | undefined): SchemaNode | undefined {
  const found = core(node)
  return found?.element ?? found?.valueType
}

/** The member of a union of objects that has exactly these properties. */
export function memberSchema(node: SchemaNode | undefined, names: readonly string[]): SchemaNode | undefined {
  const wanted = [...names].sort().join()
  return core(node)?.options?.find(
    (option) =>
      Object.keys(core(option)?.shape ?? {})
        .sort()
        .join() === wanted,
  )
}

/** The values of an enum in the order in which the contract lists them. */
export function enumOrder(node: SchemaNode | undefined): readonly string[] {
  return Object.values(core(node)?.entries ?? {})
}

export interface NamedSchema {
  readonly name: string
  readonly type: ts.Type
  readonly schema: SchemaNode
}

/** Each exported schema with the type that clients see: what they send for `...Input`, what they get for the rest. */
export function contractTypes(checker: ts.TypeChecker, module: ts.Symbol): NamedSchema[] {
  const exported = contract as Record<string, unknown>
  return checker.getExportsOfModule(module).flatMap((symbol) => {
    const schema = exported[symbol.name]
    if (!isSchema(schema)) return []
    const internals = checker.getTypeOfSymbol(symbol).getProperty('_zod')
    const side = symbol.name.endsWith('Input') ? 'input' : 'output'
    const property = internals && checker.getTypeOfSymbol(internals).getProperty(side)
    if (!property) return []
    // That an input may be left out is said where it is used, not by its name.
    return [{ name: symbol.name, type: checker.getNonNullableType(checker.getTypeOfSymbol(property)), schema }]
  })
}

/** The schema behind a type exported under this name: its namesake, or the table it was derived from. */
export function schemaNamed(name: string): SchemaNode | undefined {
  const exported = contract as Record<string, unknown>
  const table = exported[name[0]?.toLowerCase() + name.slice(1)]
  return (isSchema(exported[name]) ? exported[name] : table) as SchemaNode | undefined
}
