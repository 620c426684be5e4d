import { expect, it } from 'vitest'

it('tests run the source, not what was built last', () => {
  expect(import.meta.resolve('#contract')).toMatch(/\/client-sdk\/src\/contract\/index\.ts$/)
})
