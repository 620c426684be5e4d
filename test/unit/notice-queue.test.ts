import { describe, expect, it } from 'vitest'
import { createNoticeQueue } from '../../src/payments/adapters/notice-queue.ts'
import type { StoredNotice } from '../../src/payments/app/notice-port.ts'
import { says, startAt } from '../support/deposits.ts'

const noticeOf = (id: string): StoredNotice => ({
  ...{ id, provider: 'fake', eventId: `event of ${id}`, report: says({}), receivedAt: startAt, attempts: 0 },
})

/** A queue whose notices are handled when the test says so. */
function openQueue({ concurrencyMax = 1, waitingMax = 10 } = {}) {
  const begun: string[] = []
  const failed: string[] = []
  const endings: ((error?: Error) => void)[] = []
  const queue = createNoticeQueue({
    concurrencyMax,
    waitingMax,
    failed: ({ id }) => void failed.push(id),
    handle({ id }) {
      begun.push(id)
      return new Promise((resolve, reject) => {
        endings.push((error) => (error === undefined ? resolve() : reject(error)))
      })
    },
  })
  const end = async (error?: Error) => {
    endings.shift()?.(error)
    await new Promise(setImmediate)
  }
  return { queue, begun, failed, end }
}

describe('the queue of notices', () => {
  it('holds a notice once, whether it waits or is being handled', async () => {
    const { queue, begun, end } = openQueue()
    for (const id of ['a', 'b', 'a', 'b', 'b']) queue.add(noticeOf(id))
    expect([begun, queue.waiting]).toEqual([['a'], 1])
    await end()
    queue.add(noticeOf('b'))
    await end()
    expect([begun, queue.waiting]).toEqual([['a', 'b'], 0])
  })

  it('takes a notice again once it was handled, well or not', async () => {
    const { queue, begun, failed, end } = openQueue()
    queue.add(noticeOf('a'))
    await end(new Error('the gateway is away'))
    queue.add(noticeOf('a'))
    expect([begun, failed]).toEqual([['a', 'a'], ['a']])
  })

  it('says how many it has room for, and takes new ones while it is less than half full', () => {
    const { queue } = openQueue({ waitingMax: 4 })
    const seen = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => {
      queue.add(noticeOf(id))
      return [queue.room, queue.takesNew]
    })
    expect(seen).toEqual([
      [4, true],
      [3, true],
      [2, false],
      [1, false],
      [0, false],
      [0, false],
    ])
  })

  it.each([1, 2, 3, 4, 5, 6])('handles at once what is added %d turns after its last lane was done', async (turns) => {
    const begun: string[] = []
    const queue = createNoticeQueue({
      concurrencyMax: 1,
      waitingMax: 10,
      failed() {},
      async handle({ id }) {
        begun.push(id)
        if (id === 'a') void later(turns).then(() => queue.add(noticeOf('b')))
      },
    })
    queue.add(noticeOf('a'))
    await new Promise(setImmediate)
    expect([begun, queue.waiting]).toEqual([['a', 'b'], 0])
  })

  it('begins nothing after its end, and waits for what it began', async () => {
    const { queue, begun, end } = openQueue()
    queue.add(noticeOf('a'))
    queue.add(noticeOf('b'))
    const closed = queue[Symbol.asyncDispose]()
    queue.add(noticeOf('c'))
    await end()
    await closed
    expect([begun, queue.room, queue.takesNew]).toEqual([['a'], 0, false])
  })
})

/** Resolves that many turns of the microtask queue later. */
async function later(turns: number): Promise<void> {
  for (let turn = 1; turn < turns; turn++) await null
}
