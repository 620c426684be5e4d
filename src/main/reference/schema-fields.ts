import { z } from 'zod'

/** One line of a reference table. */
export interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/** The fields of a schema with dotted names, nested objects and list items included. */
export function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): Field[] {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema
  return fields(json, '', true)
}

function fields(schema: JsonSchema, prefix: string, everyRequired: boolean): Field[] {
  if (schema.anyOf?.some(({ properties }) => properties !== undefined)) {
    return schema.anyOf.flatMap((variant, index) => {
      const inner = fields(variant, prefix, false)
      return index === 0 ? inner : inner.map((field) => ({ ...field, description: `(or) ${field.description}` }))
    })
  }
  const { properties = {}, required = [] } = schema
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const own: Field = {
      name: path,
      type: typeOf(property),
      required: everyRequired && required.includes(name),
      description: describe(property),
    }
    const item = property.type === 'array' ? property.items : undefined
    return [own, ...(item === undefined ? fields(property, path, true) : fields(item, `${path}[]`, true))]
  })
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' \\| ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' \\| ')
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`
  const name = Array.isArray(schema.type) ? schema.type.join(' \\| ') : (schema.type ?? 'any')
  return schema.format === undefined ? String(name) : `${String(name)} (${schema.format})`
}

function describe(schema: JsonSchema): string {
  const text =
    schema.description ?? schema.allOf?.find(({ description }) => description !== undefined)?.description ?? ''
  const fallback = schema.anyOf?.find(({ description }) => description !== undefined)?.description ?? ''
  const shown = text === '' ? fallback : text
  return schema.default === undefined ? shown : `${shown} (default ${JSON.stringify(schema.default)})`
}
