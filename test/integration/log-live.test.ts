import { appendFileSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ServerEvents, XmClient } from '../../client-sdk/src/index.ts'
import { backends } from '../support/backends.ts'
import { openProduct, type Product } from '../support/product.ts'
import { clientOf, signInAdmin, signUp } from '../support/sdk.ts'

describe.each(backends)('logs that a server follows, $name', (backend) => {
  let product: Product
  let admin: XmClient
  let folder: string
  let elsewhere: string
  const lines: ServerEvents['logs:event'][] = []
  const groups: ServerEvents['logs:group'][] = []
  const states: ServerEvents['logs:source'][] = []
  const waits = { timeout: 20_000, interval: 50 }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xm-live-'))
    elsewhere = await mkdtemp(join(tmpdir(), 'xm-elsewhere-'))
    mkdirSync(join(folder, 'first'))
    product = await openProduct(backend, {
      ...{ LOG_SOURCES: join(folder, 'first', '*.log'), LOG_LOOK_MS: '500', LOG_SOURCE_ROOTS: folder },
    })
    admin = await signInAdmin(product.app.url)
    admin.realtime.watchLogs({
      onLine: (line) => lines.push(line),
      onGroup: (news) => groups.push(news),
      onSource: (state) => states.push(state),
    })
    await vi.waitFor(() => expect(admin.realtime.status).toBe('connected'), waits)
    // The subscription is asked for once the connection is there.
    await new Promise((done) => setTimeout(done, 300))
  })
  afterAll(async () => {
    admin.realtime.close()
    await product[Symbol.asyncDispose]()
    for (const made of [folder, elsewhere]) await rm(made, { recursive: true, force: true })
  })

  it('are found, stored, and pushed to staff that listen', async () => {
    const path = join(folder, 'first', 'app.log')
    appendFileSync(
      path,
      'INFO fine\n2026-02-03T04:05:06Z ERROR number 17 failed\n2026-02-03T04:05:07Z ERROR number 18 failed\n',
    )
    await vi.waitFor(() => expect(lines).toHaveLength(2), waits)
    expect(lines[0]).toMatchObject({
      ...{ source: 'config', path, line: 2, level: 'error', time: '2026-02-03T04:05:06.000Z' },
      text: '2026-02-03T04:05:06Z ERROR number 17 failed',
    })
    expect(groups).toMatchObject([{ news: 'new', level: 'error', group: lines[0]?.group }])
    const { items } = await admin.logs.groups.list.query({ source: 'config' })
    expect(items).toMatchObject([{ id: lines[0]?.group, count: 2, status: 'new' }])
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ source: 'config', files: 1, lagBytes: 0 }), waits)
  })

  it('are shown with how far each machine is, also to who begins to listen now', async () => {
    const path = join(folder, 'first', 'app.log')
    const { size } = statSync(path)
    const follower = { node: hostname(), paths: [join(folder, 'first', '*.log')], isFollowing: true, files: 1 }
    await vi.waitFor(async () => {
      const { configured } = await admin.logs.sources.list.query({})
      expect(configured).toMatchObject({
        followers: [{ ...follower, lagBytes: 0, readBytes: size }],
        ...{ fileCount: 1, bytesRead: size, losses: [] },
        files: [{ node: hostname(), path, size, offset: size, isEnded: false }],
      })
    }, waits)
    const other = await signInAdmin(product.app.url)
    const heard: ServerEvents['logs:source'][] = []
    other.realtime.watchLogs({ onSource: (state) => heard.push(state) })
    await vi.waitFor(
      () => expect(heard).toMatchObject([{ source: 'config', node: hostname(), readBytes: size }]),
      waits,
    )
    other.realtime.close()
  })

  it('tell of a group that was resolved and is there again, once', async () => {
    const [group] = (await admin.logs.groups.list.query({ source: 'config' })).items
    await admin.logs.groups.setStatus.mutate({ id: group!.id, status: 'resolved' })
    const path = join(folder, 'first', 'app.log')
    const later = new Date(Date.now() + 5_000).toISOString()
    appendFileSync(path, `2026-02-03T04:05:06Z ERROR number 19 failed\n`)
    await vi.waitFor(() => expect(lines).toHaveLength(3), waits)
    expect((await admin.logs.groups.get.query({ id: group!.id })).status).toBe('resolved')
    appendFileSync(path, `${later} ERROR number 20 failed\n${later} ERROR number 21 failed\n`)
    await vi.waitFor(() => expect(lines).toHaveLength(5), waits)
    const after = await admin.logs.groups.get.query({ id: group!.id })
    expect([after.count, after.status]).toEqual([5, 'regressed'])
    expect(groups.filter(({ news }) => news === 'regressed')).toHaveLength(1)
  })

  it('are followed where staff adds a source, with a pattern that staff makes, without a restart', async () => {
    mkdirSync(join(folder, 'second'))
    await admin.logs.sources.add.mutate({ name: 'second', paths: [join(folder, 'second')] })
    await admin.logs.patterns.create.mutate({
      id: 'own.declined',
      title: 'Declined',
      level: 'warn',
      regex: 'declined \\d+',
    })
    const path = join(folder, 'second', 'pay.log')
    appendFileSync(path, 'card declined 1\n')
    // The pattern is taken up with the next look at the plan: what was read before is not read again.
    let count = 1
    await vi.waitFor(
      () => {
        appendFileSync(path, `card declined ${++count}\n`)
        expect(lines.some(({ source }) => source === 'second')).toBe(true)
      },
      { timeout: 20_000, interval: 500 },
    )
    expect(lines.find(({ source }) => source === 'second')).toMatchObject({
      patterns: ['own.declined'],
      level: 'warn',
      path,
    })
  })

  it('are not read where staff may not have them read, nor by a link', async () => {
    const added = admin.logs.sources.add.mutate({ name: 'secrets', paths: [join(elsewhere, '*')] })
    await expect(added).rejects.toMatchObject({ code: 'logs.path_forbidden', details: { field: 'paths' } })
    mkdirSync(join(folder, 'links'))
    const secret = join(elsewhere, 'secret.log')
    writeFileSync(secret, 'ERROR the secret is 42\n')
    symlinkSync(secret, join(folder, 'links', 'app.log'))
    writeFileSync(join(folder, 'links', 'fine.log'), 'ERROR nothing secret\n')
    await admin.logs.sources.add.mutate({ name: 'links', paths: [join(folder, 'links')] })
    await vi.waitFor(() => expect(lines.some(({ source }) => source === 'links')).toBe(true), waits)
    await new Promise((done) => setTimeout(done, 1000))
    expect(lines.filter(({ source }) => source === 'links').map(({ text }) => text)).toEqual(['ERROR nothing secret'])
  })

  it.runIf(backend.name !== 'embedded')(
    'are found by a process that does nothing else, and heard on another',
    async () => {
      mkdirSync(join(folder, 'third'))
      const scanner = await product.openNode({
        ...{ ROLE: 'scanner', LOG_NODE: 'another', LOG_SOURCES: join(folder, 'third', '*.log') },
      })
      expect(scanner.router).toBeNull()
      const path = join(folder, 'third', 'app.log')
      appendFileSync(path, 'ERROR that only the scanner sees\n')
      // It follows what staff added as well, the lines of which come in between.
      const found = await vi.waitFor(() => {
        const line = lines.find((one) => one.path === path)
        expect(line).toMatchObject({ source: 'config', line: 1, text: 'ERROR that only the scanner sees' })
        return line!
      }, waits)
      const { items } = await admin.logs.events.list.query({ group: found.group })
      expect(items).toMatchObject([{ path, text: 'ERROR that only the scanner sees' }])
    },
  )

  it('are heard by nobody but staff', async () => {
    const user = await signUp(product.app.url)
    const client = clientOf(product.app.url)
    await client.auth.login.mutate({ login: user.handle, password: 'a phrase for tests' })
    const codes: string[] = []
    client.realtime.watchLogs({ onError: ({ code }) => codes.push(code) })
    await vi.waitFor(() => expect(codes).toEqual(['auth.forbidden']), waits)
    client.realtime.close()
  })
})
