import ts from 'typescript'
import {
  descriptionOf,
  elementSchema,
  enumOrder,
  memberSchema,
  type NamedSchema,
  propertySchema,
  type SchemaNode,
  schemaNamed,
} from './contract-schemas.ts'

interface FlattenInput {
  readonly checker: ts.TypeChecker
  /** The module whose exported types are printed. */
  readonly module: ts.Symbol
  /** Types to be printed once, under a name. */
  readonly named: readonly NamedSchema[]
  /** Generic interfaces that are referred to, not printed: name -> module to import it from. */
  readonly generics: Readonly<Record<string, string>>
}

const { TypeFlags, SymbolFlags } = ts
const unprintable =
  TypeFlags.Any | TypeFlags.Never | TypeFlags.BigIntLike | TypeFlags.ESSymbolLike | TypeFlags.TypeParameter

/** Prints the exported types as TypeScript that stands alone. Throws on what plain JSON cannot carry, naming the place. */
export function flattenTypes({ checker, module, named, generics }: FlattenInput): string {
  const nameOf = new Map<ts.Type, string>()
  const schemaOf = new Map<string, SchemaNode | undefined>()
  const typeOf = new Map<string, ts.Type>()
  const commentOf = new Map<string, string>()
  const imports = new Set<string>()
  const queue: string[] = []
  const declarations: string[] = []

  for (const symbol of checker.getExportsOfModule(module)) {
    const type = checker.getDeclaredTypeOfSymbol(
      symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    register(symbol.name, type, schemaNamed(symbol.name))
    commentOf.set(symbol.name, commentAt(symbol))
    queue.push(symbol.name)
  }
  for (const { name, type, schema } of named) if (!typeOf.has(name)) register(name, type, schema)
  for (let at = 0; at < queue.length; at++) declarations.push(declare(queue[at] as string))

  const importLines = [...imports].sort().map((name) => `import type { ${name} } from '${generics[name]}'`)
  return [importLines.join('\n'), ...declarations].join('\n\n').concat('\n')

  function register(name: string, type: ts.Type, schema: SchemaNode | undefined): void {
    typeOf.set(name, type)
    schemaOf.set(name, schema)
    // A name for a bare string would only hide it.
    const worthwhile = type.isUnion() || (type.flags & TypeFlags.Object) !== 0
    if (worthwhile && !nameOf.has(type)) nameOf.set(type, name)
  }

  function commentAt(symbol: ts.Symbol): string {
    const declared = symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return ts.displayPartsToString(declared.getDocumentationComment(checker))
  }

  function declare(name: string): string {
    const type = typeOf.get(name) as ts.Type
    const schema = schemaOf.get(name)
    const doc = docLines(descriptionOf(schema) ?? commentOf.get(name), '')
    const synonym = nameOf.get(type)
    if (synonym !== undefined && synonym !== name) return `${doc}export type ${name} = ${refer(synonym)}`
    const body = structure(type, schema, '', name)
    return body.startsWith('{') && !type.isUnion()
      ? `${doc}export interface ${name} ${body}`
      : `${doc}export type ${name} = ${body}`
  }

  function refer(name: string): string {
    if (!queue.includes(name)) queue.push(name)
    return name
  }

  function print(type: ts.Type, schema: SchemaNode | undefined, indent: string, place: string): string {
    const name = nameOf.get(type)
    return name === undefined ? structure(type, schema, indent, place) : refer(name)
  }

  function structure(type: ts.Type, schema: SchemaNode | undefined, indent: string, place: string): string {
    if (type.flags & unprintable) throw new Error(`${place}: ${checker.typeToString(type)} cannot be published`)
    if (type.isUnion()) return union(type, schema, indent, place)
    if (!(type.flags & TypeFlags.Object))
      return checker.typeToString(type).replace(/^"(.*)"$/, (_, text) => quoted(text))
    if (checker.isTupleType(type)) throw new Error(`${place}: tuples are not supported`)
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference) as [ts.Type]
      const text = print(element, elementSchema(schema), indent, `${place}[]`)
      return element.isUnion() && !nameOf.has(element) && text.includes('|') ? `(${text})[]` : `${text}[]`
    }
    const symbol = type.getSymbol()
    if (symbol && symbol.name in generics) {
      imports.add(symbol.name)
      const parameters = checker.getTypeArguments(type as ts.TypeReference)
      return `${symbol.name}<${parameters.map((parameter) => print(parameter, undefined, indent, place)).join(', ')}>`
    }
    return object(type, schema, indent, place)
  }

  function union(type: ts.UnionType, schema: SchemaNode | undefined, indent: string, place: string): string {
    const present = checker.getNonNullableType(type)
    const text = present === type ? members(type, schema, indent, place) : print(present, schema, indent, place)
    const has = (flag: ts.TypeFlags) => type.types.some((member) => member.flags & flag)
    return [text, has(TypeFlags.Null) && 'null', has(TypeFlags.Undefined) && 'undefined'].filter(Boolean).join(' | ')
  }

  function members(type: ts.UnionType, schema: SchemaNode | undefined, indent: string, place: string): string {
    const order = enumOrder(schema).map(quoted)
    const texts = type.types.map((member) => {
      const names = checker.getPropertiesOfType(member).map((property) => property.name)
      return print(member, memberSchema(schema, names) ?? schema, indent, place)
    })
    if (texts.includes('true') && texts.includes('false')) texts.splice(0, 2, 'boolean')
    // The compiler's own order depends on what else it has seen; the contract's does not.
    return order.length > 0 ? texts.sort((a, b) => order.indexOf(a) - order.indexOf(b)).join(' | ') : texts.join(' | ')
  }

  function object(type: ts.Type, schema: SchemaNode | undefined, indent: string, place: string): string {
    if (type.getCallSignatures().length + type.getConstructSignatures().length > 0 || type.isClass())
      throw new Error(`${place}: ${checker.typeToString(type)} is no plain data`)
    const deeper = `${indent}  `
    const lines = checker.getPropertiesOfType(type).map((property) => {
      const optional = property.flags & SymbolFlags.Optional
      const child = propertySchema(schema, property.name)
      const text = print(checker.getTypeOfSymbol(property), child, deeper, `${place}.${property.name}`)
      const key = /^[A-Za-z_$][\w$]*$/.test(property.name) ? property.name : quoted(property.name)
      const undefinedToo = optional && !/\bundefined$/.test(text) ? ' | undefined' : ''
      return `${docLines(descriptionOf(child) ?? commentAt(property), deeper)}${deeper}${key}${optional ? '?' : ''}: ${text}${undefinedToo}`
    })
    for (const { keyType, type: value } of checker.getIndexInfosOfType(type)) {
      const text = print(value, elementSchema(schema), deeper, `${place}[]`)
      lines.push(`${deeper}[key: ${checker.typeToString(keyType)}]: ${text}`)
    }
    return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`
  }
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function docLines(text: string | undefined, indent: string): string {
  return text ? `${indent}/** ${text.replaceAll('*/', '*\\/').replaceAll('\n', `\n${indent} * `)} */\n` : ''
}
