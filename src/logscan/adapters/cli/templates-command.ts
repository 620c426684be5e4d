import { createLineReader } from '../../domain/line/read-line.ts'
import { maskMessage } from '../../domain/template/mask.ts'
import { createTemplateTree } from '../../domain/template/template-tree.ts'
import { standardInput } from '../scan/find-inputs.ts'
import { NumberLog } from '../scan/number-log.ts'
import { readLines } from '../scan/read-lines.ts'
import type { Terminal } from './scan-command.ts'

const limits = { leavesMax: 20_000, leafMaxChars: 1024 }

/** `logscan templates FILE`: the kinds of messages in a file, or with --assign the kind of each line. */
export async function runTemplates(
  file: string,
  { assign = false, ndjson = false }: { readonly assign?: boolean | undefined; readonly ndjson?: boolean | undefined },
  { output, complain, now }: Terminal,
): Promise<{ readonly hadProblems: boolean }> {
  const readLine = createLineReader({ referenceTime: now() })
  const tree = createTemplateTree(limits)
  using leaves = assign ? new NumberLog() : null
  const problem = await readLines(file === standardInput ? null : file, (line) => {
    const leaf = tree.leafOf(maskMessage(readLine(line).message))
    leaves?.add(leaf)
  })
  if (problem !== null) complain(`${file}: ${problem}`)
  const { templates, templateOf } = tree.settle()
  if (leaves !== null) {
    let line = 0
    for (const leaf of leaves.all()) {
      const template = (templateOf[leaf] as number) + 1
      await output.write(ndjson ? `${JSON.stringify({ line: ++line, template })}\n` : `${template}\n`)
    }
  } else
    for (const [index, { text, lines }] of templates.entries())
      await output.write(
        ndjson
          ? `${JSON.stringify({ template: index + 1, lines, text })}\n`
          : `${[index + 1, lines, text].join('\t')}\n`,
      )
  return { hadProblems: problem !== null }
}
