import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskMessage } from '../../src/logscan/domain/template/mask.ts'
import { createTemplateTree } from '../../src/logscan/domain/template/template-tree.ts'

const limits = { leavesMax: 10_000, leafMaxChars: 1024 }

function templatesOf(messages: readonly string[]) {
  const tree = createTemplateTree(limits)
  const leaves = messages.map((message) => tree.leafOf(maskMessage(message)))
  const { templateOf, templates } = tree.settle()
  return {
    texts: templates.map(({ text }) => text),
    groups: leaves.map((leaf) => templateOf[leaf] as number),
    templates,
  }
}

/** Every message once for each value of the lists, in the place of `{}`. */
const fill = (text: string, ...values: readonly string[]) => values.map((value) => text.replaceAll('{}', value))

describe('masking', () => {
  it.each([
    ['worker 7 took 12.5 ms and 3 GB', 'worker <*> took <*> and <*>'],
    ['offset -42 of +7e5', 'offset <*> of <*>'],
    ['at 0x7ffd12 and deadbeef, not a facade', 'at <*> and <*>, not a facade'],
    ['request 6f1c2b34-89ab-4cde-8f01-23456789abcd failed', 'request <*> failed'],
    ['from 10.0.0.1:8080 to /10.0.0.2', 'from <*> to <*>'],
    ['peer [fe80::1ff:fe23:4567:890a]:443', 'peer [<*>]:<*>'],
    ['lease for ab:cd:ef:01:23:45 ends', 'lease for <*> ends'],
    ['bind ::ffff:10.1.2.3 ok', 'bind <*> ok'],
    ['GET http://example.org/a?b=c&d=e,f (ok)', 'GET <*> (ok)'],
    ['open /var/log/app.log: denied.', 'open <*>: denied.'],
    ['loaded C:\\Program\\lib.dll, ok', 'loaded <*>, ok'],
    ['read/write access is n/a', 'read/write access is n/a'],
    ['mail from ann.lee@example.org bounced', 'mail from <*> bounced'],
    ['up since Fri Jun 17 07:07:00 2005 and 2024-01-02T03:04:05.678Z', 'up since <*> and <*>'],
    ['built May 8 09:04:50 EDT 2004 by hand', 'built <*> by hand'],
    ['May fail on Sun', 'May fail on Sun'],
    ['unknown key \'alpha\' in "beta"', 'unknown key \'<*>\' in "<*>"'],
    ["tag=\"View Lock\", it can't be 'so or so'", "tag=\"<*>\", it can't be 'so or so'"],
    ['{"level":"warn","port":80}', '{"level":"<*>","port":<*>}'],
    ['"GET /v2/items HTTP/1.1" 200', '"GET <*>" <*>'],
    ['deleting blk_-388 on node-12, req-9f', 'deleting <*> on <*>'],
    ['1293 bytes (1.26 KB) sent in <1 sec', '<*> sent in <*>'],
    ['speed.........12 ready...', 'speed........<*> ready...'],
    ['Handler@1a2b3c and Handler@abcdef', 'Handler@<*> and Handler@<*>'],
    ['proxy.example.org:80 and example.org:80 open', '<*> and <*> open'],
    ['from 10.0.0.1 () at 7 call()', 'from <*> (<*>) at <*> call()'],
    ['user= tty=ssh host=', 'user=<*> tty=ssh host=<*>'],
    ['to 1, 2, 3 and 4 5', 'to <*> and <*>'],
    ['ошибка сети у ключа 17', 'ошибка сети у ключа <*>'],
    ['', ''],
  ])('%s', (message, masked) => {
    expect(maskMessage(message)).toBe(masked)
  })

  it('never throws, leaves no digit, and answers the same again', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'a1.:/-@"\'=()[]<> ,\\xF') }),
    )
    fc.assert(
      fc.property(text, (message) => {
        const masked = maskMessage(message)
        expect(masked).toBe(maskMessage(message))
        expect(/\d/.test(masked)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it.each(['(', '0', '"', "'", '=', 'a:', '::', '. ', '/', '?', '@', ' "', '= ', '1 ', '<1 ', 'Jan '])(
    'looks at a bounded part of a megabyte of %s',
    (piece) => {
      const long = piece.repeat(2 ** 20 / piece.length)
      expect(maskMessage(long).length).toBeLessThan(64 * 1024)
      for (let again = 0; again < 20; again++) maskMessage(long)
    },
  )
})

describe('leaves', () => {
  it('are numbered by first sight and never change', () => {
    const tree = createTemplateTree(limits)
    expect([tree.leafOf('a <*>'), tree.leafOf('b <*>'), tree.leafOf('a <*>')]).toEqual([0, 1, 0])
    tree.settle()
    expect([tree.leafOf('c'), tree.leafOf('b <*>')]).toEqual([2, 1])
  })

  it('of a message do not depend on what comes later', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (first, later) => {
        const alone = createTemplateTree(limits)
        const both = createTemplateTree(limits)
        const expected = first.map((text) => alone.leafOf(text))
        const found = first.map((text) => both.leafOf(text))
        for (const text of later) both.leafOf(text)
        expect(found).toEqual(expected)
        expect(first.map((text) => both.leafOf(text))).toEqual(expected)
      }),
    )
  })

  it('beyond the limit are shared by the first word, and stay bounded', () => {
    const tree = createTemplateTree({ leavesMax: 2, leafMaxChars: 64 })
    expect(['one a', 'two a', 'one b', 'one c', 'two b'].map((text) => tree.leafOf(text))).toEqual([0, 1, 2, 2, 3])
    for (let i = 0; i < 5000; i++) tree.leafOf(`word${i} x`)
    const { templateOf, templates } = tree.settle()
    expect(templateOf.length).toBe(2 + 256 + 1)
    expect(templates.reduce((sum, { lines }) => sum + lines, 0)).toBe(5005)
  })

  it('of long messages agree where their first characters do', () => {
    const tree = createTemplateTree({ leavesMax: 10, leafMaxChars: 8 })
    expect(tree.leafOf('12345678 one')).toBe(tree.leafOf('12345678 two'))
  })
})

describe('what is one template', () => {
  it.each([
    ['names behind the noun that says so', fill('session opened for user {} by (uid=0)', 'alice', 'bob')],
    ['names between prepositions', fill('Accepted password for {} from 10.0.0.1 port 22', 'root', 'anna', 'kevin')],
    ['programs with their process number', fill('process {}[217] was killed for lack of memory', 'mail', 'editor')],
    ['class names', fill('Registering type {} with the dispatcher', 'org.acme.job.Created', 'org.acme.task.Ended')],
    ['many words in one place', fill('cannot resolve the alias {} here', ...'red green blue pink grey'.split(' '))],
    [
      'a value where words stand too',
      fill('reverse lookup of {} gave nothing', 'mail.example.org', 'ec2-10-1-2-3.example'),
    ],
    [
      'lists of any length',
      ['may view: Set(ann, bob) today', 'may view: Set(ann, bob, carl) today', 'may view: Set(eve, ann) today'],
    ],
    ['lists of pairs', fill('bad nodes {}', 'node-1 0xff <ok>', 'node-1 0xff <ok> node-2 0x0f <ok>')],
    ['what is absent', ['connection from 10.0.0.1 () at 7', 'connection from 10.0.0.1 (host-1.example) at 7']],
    [
      'sizes and times in any unit',
      ['sent 5 bytes, 00:12 in all', 'sent 1293 bytes (1.26 KB), <1 sec in all', 'sent 2 MB, 3 sec in all'],
    ],
    [
      'a dump of properties',
      fill('Client environment:{}', 'os.name=Linux', 'user.dir=/srv', 'java.vendor=Some Corp', 'user.name=ann'),
    ],
    ['states of which there are many', fill('part moved to {} at once', ...'AA BB CC DD EE FF GG HH II JJ'.split(' '))],
  ])('%s', (_, messages) => {
    expect(new Set(templatesOf(messages).groups).size).toBe(1)
  })

  it('two names that vary together', () => {
    const people = ['ann', 'bob', 'carl', 'dora', 'emil', 'fred']
    const hosts = ['venus', 'mars', 'pluto', 'ceres', 'titan', 'triton']
    const messages = people.map((person, i) => `granted ${person} shell access inside ${hosts[i]} tonight`)
    expect(templatesOf(messages).texts).toEqual(['granted <*> shell access inside <*> tonight'])
  })

  it('names that stand behind the same word elsewhere', () => {
    const messages = ['closed the session of', 'opened a session of'].flatMap((text) =>
      fill(`${text} {} now`, 'ann', 'bob', 'carl'),
    )
    expect(templatesOf(messages).texts).toEqual(['closed the session of <*> now', 'opened a session of <*> now'])
  })
})

describe('what stays apart', () => {
  it.each([
    ['participles', fill('unit web.service was {} by systemd', 'started', 'stopped', 'reloaded', 'restarted')],
    ['states', fill('job_17 changed from NEW to {}', 'RUNNING', 'FAILED', 'KILLED')],
    ['up and down', fill('interface eth0 link is {}', 'up', 'down')],
    ['read and write', fill('could not {} block 17 of disk sda', 'read', 'write')],
    ['true and false', fill('health check answered {} after 3 ms', 'true', 'false')],
    ['verbs at the start', fill('{} the connection to 10.0.0.1', 'open', 'close', 'reset', 'keep', 'lost')],
    ['HTTP methods', fill('"{} /v2/items HTTP/1.1" status: 200', 'GET', 'POST', 'DELETE')],
    ['types of error', fill('closing session 7 due to {}: broken', 'java.io.IOException', 'java.net.SocketException')],
    ['what a prefix says', fill('cpu: {}', 'cache enabled', 'cache disabled', 'microcode loaded', 'too hot')],
    ['other lengths', ['disk full', 'disk almost full', 'disk full on sda']],
    ['single words', ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING', 'ELECTING', 'a', 'b', 'c', 'd', 'e', 'f']],
    ['settings', fill('{} set to 7', 'tickTime', 'purge.interval', 'snap.count', 'minTimeout')],
  ])('%s', (_, messages) => {
    expect(new Set(templatesOf(messages).groups).size).toBe(messages.length)
  })
})

describe('settling', () => {
  const word = fc.constantFrom(
    ...'user for from ann bob carl dora eve STATE started in = ( ) , <*> org.acme.Job a-b'.split(' '),
  )
  const leaf = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' '))

  it('gives the same templates for any order of the leaves', () => {
    const shuffled = fc
      .uniqueArray(leaf, { maxLength: 60 })
      .chain((texts) => fc.tuple(fc.constant(texts), fc.shuffledSubarray(texts, { minLength: texts.length })))
    fc.assert(
      fc.property(shuffled, ([texts, others]) => {
        const [one, other] = [texts, others].map((order) => {
          const tree = createTemplateTree(limits)
          for (const text of order) tree.leafOf(text)
          const { templateOf, templates } = tree.settle()
          return { templates, templateOf: texts.map((text) => templateOf[tree.leafOf(text)]) }
        })
        expect(other).toEqual(one)
      }),
    )
  })

  it('gives each leaf a template and loses no line', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(leaf, fc.integer({ min: 1, max: 9 })), { maxLength: 80 }), (added) => {
        const tree = createTemplateTree(limits)
        const linesOf = new Map<number, number>()
        for (const [text, lines] of added) {
          const at = tree.leafOf(text, lines)
          linesOf.set(at, (linesOf.get(at) ?? 0) + lines)
        }
        const { templateOf, templates } = tree.settle()
        const counted = templates.map(() => 0)
        for (const [at, lines] of linesOf) counted[templateOf[at] as number]! += lines
        expect(counted).toEqual(templates.map(({ lines }) => lines))
        expect(counted).toEqual([...counted].sort((a, b) => b - a))
      }),
    )
  })

  it('takes hostile leaves', () => {
    const tree = createTemplateTree(limits)
    for (let i = 0; i < 300; i++) {
      tree.leafOf('('.repeat(i))
      tree.leafOf(`${'<*> , '.repeat(i)}x`)
      tree.leafOf(`${'a '.repeat(i)}${i % 2 === 0 ? '<*>' : 'b'}`)
      tree.leafOf(`[${'a,'.repeat(i)}`)
    }
    expect(tree.settle().templates.length).toBeGreaterThan(0)
  })
})
