import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('the generated documents are what the code says', async () => {
  const checked = await run(process.execPath, ['dist/src/main/write-reference.js', '--check']).catch(
    (error: unknown) => error,
  )
  expect(checked).toMatchObject({ stderr: '' })
})
