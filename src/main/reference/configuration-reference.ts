import { environmentSchema } from '../../platform/environment.ts'

/** The configuration table, as Markdown, from the schema that reads the environment. */
export function configurationReference(): string {
  const rows = Object.entries(environmentSchema.shape).map(([name, schema]) => {
    const parsed = schema.safeParse(undefined)
    const value = parsed.success ? parsed.data : undefined
    const shown = value === undefined || (Array.isArray(value) && value.length === 0) ? '' : `\`${String(value)}\``
    return `| \`${name}\` | ${shown} | ${schema.description ?? ''} |`
  })
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
