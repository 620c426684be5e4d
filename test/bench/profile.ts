import { readFile, writeFile } from 'node:fs/promises'
import type { Profiler } from 'node:inspector'
import { join } from 'node:path'
import type { Program } from './program.ts'

const modulesMax = 12
const functionsMax = 20

/** Runs `work` while the program is profiled, leaves the profile in the folder, and tells where the time went. */
export async function profiled(
  program: Program,
  { directory, name }: { directory: string; name: string },
  work: () => Promise<unknown>,
): Promise<string> {
  const file = join(directory, `${name.replace(/\W+/g, '-')}.cpuprofile`)
  await program.call('startProfile')
  await work()
  const profile = await program.call<Profiler.Profile>('stopProfile')
  await writeFile(file, JSON.stringify(profile))
  return `${name}, share of the busy time (${file})\n${await summary(profile, program.file)}`
}

/** Self time by module, and by function, in percent. */
async function summary({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, bundle: string): Promise<string> {
  const moduleOf = await modules(bundle)
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byModule = new Map<string, number>()
  const byFunction = new Map<string, number>()
  let busyUs = 0
  samples.forEach((id, index) => {
    const frame = frames.get(id)
    const spentUs = timeDeltas[index] ?? 0
    if (frame === undefined || frame.functionName === '(idle)') return
    busyUs += spentUs
    const module = moduleOf(frame)
    const label = `${frame.functionName || '(anonymous)'}, ${module}`
    byModule.set(module, (byModule.get(module) ?? 0) + spentUs)
    byFunction.set(label, (byFunction.get(label) ?? 0) + spentUs)
  })
  const shares = (times: ReadonlyMap<string, number>, max: number) =>
    [...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, max)
      .map(([label, spentUs]) => `  ${((spentUs * 100) / busyUs).toFixed(1).padStart(5)} %  ${label}`)
  return [...shares(byModule, modulesMax), '  by function:', ...shares(byFunction, functionsMax)].join('\n')
}

/** The compiled program is one file, in which a comment stands before each module. */
async function modules(bundle: string): Promise<(frame: Profiler.Profile['nodes'][number]['callFrame']) => string> {
  const starts = (await readFile(bundle, 'utf8')).split('\n').flatMap((line, at) => {
    const name = /^\/\/ ((?:src|client-sdk|test|db)\/\S+)$/.exec(line)?.[1]
    return name === undefined ? [] : [{ at, name }]
  })
  return ({ url, lineNumber, functionName }) => {
    if (url.endsWith(bundle)) return starts.findLast(({ at }) => at <= lineNumber)?.name ?? 'the program'
    if (url === '') return functionName.startsWith('(') ? functionName : 'native'
    return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url
  }
}
