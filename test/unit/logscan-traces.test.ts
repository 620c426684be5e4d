import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventLength, mayContinue, traceOf } from '../../src/logscan/domain/line/traces.ts'

interface Sample {
  readonly name: string
  readonly text: string
  readonly exception: string | null
  readonly frames: readonly string[]
}

const samples: readonly Sample[] = [
  {
    name: 'Java with causes and suppressed exceptions',
    text: `2026-01-01 00:00:00,123 ERROR [main] c.e.Foo - request failed
java.lang.IllegalStateException: no pool
	at com.example.Pool.take(Pool.java:42)
	at com.example.Web.lambda$handle$3(Web.java:17)
	at java.base/java.lang.Thread.run(Thread.java:829)
	Suppressed: java.io.IOException: close
		at com.example.Pool.close(Pool.java:99)
		... 2 more
Caused by: java.net.ConnectException: refused
	at com.example.Net.open(Net.java:7)
	... 3 common frames omitted`,
    exception: 'java.lang.IllegalStateException',
    frames: ['com.example.Pool.take', 'com.example.Web.lambda$handle', 'java.lang.Thread.run'],
  },
  {
    name: 'Java from a thread, without a stamp',
    text: `Exception in thread "main" com.example.Broken: it is
	at com.example.Foo$$Lambda$14/0x0000000800c03000.run(Unknown Source)
	at com.example.Svc$$EnhancerBySpringCGLIB$$1a2b3c4d.go(<generated>)
	at jdk.internal.reflect.GeneratedMethodAccessor12.invoke(Unknown Source)`,
    exception: 'com.example.Broken',
    frames: [
      'com.example.Foo$$Lambda.run',
      'com.example.Svc$$EnhancerBySpringCGLIB.go',
      'jdk.internal.reflect.GeneratedMethodAccessor.invoke',
    ],
  },
  {
    name: 'JavaScript with async frames, a cause and fields',
    text: `TypeError: Cannot read properties of undefined (reading 'id')
    at Orders.find (/srv/releases/42/src/orders.js:12:5)
    at async Promise.all (index 0)
    at async handle (file:///srv/app/dist/main.3f2a1b9c.js:1:99)
    at /srv/app/run.js:3:1
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  code: 'E_X',
  [cause]: Error: inner
      at x (/srv/app/y.js:1:1)
}`,
    exception: 'TypeError',
    frames: [
      'Orders.find (orders.js)',
      'Promise.all',
      'handle (main.js)',
      'run.js',
      'process.processTicksAndRejections (node:internal/process/task_queues)',
    ],
  },
  {
    name: 'an uncaught error as Node prints it',
    text: `/srv/app/index.js:12
throw new RangeError('x')
^

RangeError: x
    at Object.<anonymous> (/srv/app/index.js:12:7)
    at Module._compile (node:internal/modules/cjs/loader:1256:14)

Node.js v20.20.2`,
    exception: 'RangeError',
    frames: ['Object.<anonymous> (index.js)', 'Module._compile (node:internal/modules/cjs/loader)'],
  },
  {
    name: 'an AggregateError',
    text: `2026-01-01T00:00:00Z ERROR gave up AggregateError: all failed
    at f (/a/b.js:1:2) {
  [errors]: [
    Error: one
        at g (/a/c.js:1:2)
  ]
}`,
    exception: 'AggregateError',
    frames: ['f (b.js)', 'g (c.js)'].slice(0, 1),
  },
  {
    name: 'Python, chained',
    text: `2026-01-01 00:00:00,123 - app - ERROR - failed
Traceback (most recent call last):
  File "/app/a.py", line 3, in inner
    x = d['k']
        ~^^^^^
KeyError: 'k'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 9, in <module>
    run()
  File "/app/pkg/__init__.py", line 5, in run
    raise pkg.errors.Broken('x')
pkg.errors.Broken: x`,
    exception: 'pkg.errors.Broken',
    frames: ['run (pkg/__init__.py)', '<module> (main.py)'],
  },
  {
    name: 'a syntax error of Python',
    text: `  File "/app/a.py", line 1
    def f(:
          ^
SyntaxError: invalid syntax`,
    exception: 'SyntaxError',
    frames: ['a.py'],
  },
  {
    name: 'an exception group of Python',
    text: `  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 3, in <module>
  |     raise ExceptionGroup('g', es)
  | ExceptionGroup: g (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/b.py", line 1, in f
    | ValueError: one
    +------------------------------------`,
    exception: 'ExceptionGroup',
    frames: ['<module> (a.py)'],
  },
  {
    name: 'a panic of Go',
    text: `panic: runtime error: index out of range [5] with length 3 [recovered]
	panic: again

goroutine 1 [running]:
panic({0x45f2a0?, 0xc00001c0f0?})
	/usr/local/go/src/runtime/panic.go:884 +0x213
main.(*Server).handle.func1.2(0xc000012345, 0x1)
	/app/main.go:12 +0x1d
main.main()
	/app/main.go:8 +0x20
created by main.start in goroutine 7
	/app/main.go:4 +0x99

goroutine 18 [select]:
net/http.(*persistConn).writeLoop(0xc0000f8000)
	/usr/local/go/src/net/http/transport.go:2410 +0xf2
exit status 2`,
    exception: 'runtime error',
    frames: ['main.(*Server).handle.func', 'main.main'],
  },
  {
    name: '.NET with an inner exception',
    text: `Unhandled exception. System.InvalidOperationException: outer
 ---> System.IO.IOException: inner
   at App.Disk.Read(String path) in /src/Disk.cs:line 12
   --- End of inner exception stack trace ---
   at App.Program.<Main>b__0_1(Int32 n) in /src/Program.cs:line 7
   at App.Program.<>c__DisplayClass3_0.<Run>b__2()
--- End of stack trace from previous location ---
   at App.Worker.Go()`,
    exception: 'System.InvalidOperationException',
    frames: ['App.Disk.Read', 'App.Program.<Main>b__', 'App.Program.<>c__DisplayClass.<Run>b__', 'App.Worker.Go'],
  },
  {
    name: 'Ruby',
    text: `/app/x.rb:12:in \`block (2 levels) in run': undefined method (NoMethodError)
	from /app/x.rb:3:in \`each'
	from /app/main.rb:1:in \`<main>'`,
    exception: 'NoMethodError',
    frames: ['block in run (x.rb)', 'each (x.rb)', '<main> (main.rb)'],
  },
  {
    name: 'PHP',
    text: `[01-Jan-2026 00:00:00 UTC] PHP Fatal error:  Uncaught App\\Broken\\NoRouteException: no route in /app/x.php:3
Stack trace:
#0 /app/y.php(12): App\\Router->find('a', Array)
#1 [internal function]: App\\run()
#2 {main}

Next RuntimeException: again in /app/x.php:9
Stack trace:
#0 {main}
  thrown in /app/x.php on line 3`,
    exception: 'App\\Broken\\NoRouteException',
    frames: ['App\\Router->find (y.php)', 'App\\run'],
  },
  {
    name: 'Rust with a backtrace',
    text: `thread 'main' panicked at src/main.rs:2:5:
explicit panic
stack backtrace:
   0: rust_begin_unwind
             at /rustc/90b35a6/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_fmt
   2: app::run::h0123456789abcdef
             at ./src/main.rs:2:5
   3: app::main
note: run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`,
    exception: 'panic',
    frames: ['app::run', 'app::main'],
  },
  {
    name: 'Rust without one',
    text: `thread 'main' panicked at 'oh no', src/main.rs:2:5
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`,
    exception: 'panic',
    frames: ['src/main.rs'],
  },
]

const next = [
  '2026-01-01T00:00:00Z INFO next',
  'ERROR next',
  'Jun 14 15:16:01 combo su: next',
  '[error] next',
  'E0102 15:04:05.1 1 a.go:1] next',
]

describe.each(samples)('the trace: $name', ({ text, exception, frames }) => {
  const lines = text.split('\n')

  it('is one event, whatever comes after it', () => {
    expect(eventLength(lines)).toBe(lines.length)
    for (const other of next) expect(eventLength([...lines, other, '\tindented'])).toBe(lines.length)
    expect(eventLength([...lines, '', ''])).toBe(lines.length)
  })

  it('is one event with the ends of lines of Windows', () => {
    expect(eventLength(lines.map((line) => `${line}\r`))).toBe(lines.length)
  })

  it('tells exception and frames', () => {
    expect(traceOf(lines)).toEqual({ exception, frames })
    expect(traceOf(lines.map((line) => `${line}\r`))).toEqual({ exception, frames })
  })

  it('is the same trace in another build', () => {
    const other = lines.map((line) =>
      line
        .replace(/(\.(?:java|go|rb|js|rs):)\d+/g, '$17')
        .replace(/(line |\.php\()\d+/g, '$17')
        .replace(/0x[0-9a-f]{4,}/g, '0xc0ffee'),
    )
    expect(traceOf(other)).toEqual({ exception, frames })
  })
})

describe('an event', () => {
  it.each<[string, number, string]>([
    ['a line alone', 1, 'ERROR something failed'],
    ['indented text below a line', 3, 'ERROR something failed\n  because\n\tof that\nplain'],
    ['two plain lines', 1, 'one\ntwo'],
    ['a blank line between two', 1, 'one\n\n  two'],
    [
      'two traces of Java in a row',
      2,
      'java.lang.Error: a\n\tat a.B.c(D.java:1)\njava.lang.Error: b\n\tat a.B.c(D.java:1)',
    ],
    [
      'an exception whose message has two lines',
      4,
      'Error: first\nsecond line\n    at f (/a.js:1:1)\n    at g (/a.js:2:1)',
    ],
    [
      'two tracebacks without a chain',
      4,
      'Traceback (most recent call last):\n  File "a", line 1, in b\n    c\nE: x\nTraceback (most recent call last):\n  File "a", line 1, in b\n    c\nE: x',
    ],
    ['a stamped exception without frames', 2, '2026-01-01T00:00:00Z ERROR x\njava.io.IOException: y'],
    ['a call that looks like Go without a panic', 1, 'done\nmain.main()'],
    ['an indented line with a stamp', 1, 'one\n  2026-01-01T00:00:00Z two'],
    ['brackets that close what the first line opened', 4, 'Options {\n  a: 1\n  b: 2\n}\nnext'],
    ['messages of .NET', 3, 'fail: App.Worker[0]\n      It failed\n      System.Exception: x\ninfo: App.Worker[0]'],
    ['nothing', 1, ''],
  ])('%s', (_, length, text) => expect(eventLength(text.split('\n'))).toBe(length))
})

describe('a trace', () => {
  it('is not seen where there is none', () => {
    for (const text of ['', 'plain', 'ERROR it failed\n  with details', 'at the end', 'a TypeError happened'])
      expect(traceOf(text.split('\n'))).toBeNull()
  })

  it('is found within a line of JSON', () => {
    const stack = 'Error: no\n    at f (/app/x.js:1:2)\n    at g (/app/y.js:3:4)'
    const line = JSON.stringify({ level: 50, msg: 'x', err: { type: 'Error', message: 'no', stack } })
    expect(traceOf([line])).toEqual({ exception: 'Error', frames: ['f (x.js)', 'g (y.js)'] })
  })

  it('has five frames at most', () => {
    const frames = Array.from({ length: 50 }, (_, index) => `\tat a.B.m${index}(B.java:1)`)
    expect(traceOf(['java.lang.Error: x', ...frames])?.frames).toEqual([
      'a.B.m0',
      'a.B.m1',
      'a.B.m2',
      'a.B.m3',
      'a.B.m4',
    ])
  })
})

describe('a line that may continue', () => {
  it.each([
    ...[
      '\tat a.B.c(D.java:1)',
      'at f (x.js:1:1)',
      'Caused by: x',
      '... 12 more',
      'Traceback (most recent call last):',
      'goroutine 1 [running]:',
    ],
    ...[
      'a.b.SomeError: x',
      'pkg.Broken: x',
      'Broken: x',
      'KeyError: 1',
      ')',
      '}',
      '});',
      '',
      '  ',
      'Suppressed: x',
      'During handling of the above exception, another',
      '-->',
    ],
    ...[
      '   ^',
      '^',
      '[stack]:',
      'main.main()',
      'net/http.(*conn).serve(0xc0, {0x1, 0x2})',
      'created by main.x',
      'exit status 2',
      '#0 /a.php(1): b()',
    ],
    ...[
      'Stack trace:',
      'stack backtrace:',
      'note: run with `RUST_BACKTRACE=1`',
      '--- End of stack trace from previous location ---',
    ],
  ])('%j does', (line) => expect(mayContinue(line)).toBe(true))

  it.each([
    ...[
      'plain words',
      '2026-01-01T00:00:00Z at f',
      '  2026-01-01T00:00:00Z x',
      '[error] x',
      'ERROR x',
      'Jan  1 00:00:00 h x: y',
      'level=info msg=x',
    ],
    ...[
      '{"level":"error"}',
      'I0102 15:04:05.123456   1 a.go:1] x',
      '<34>Oct 11 22:14:15 h su: x',
      '10.0.0.1 - - [x]',
      'Hello (world)',
      '[  12.345678] x',
    ],
  ])('%j does not', (line) => expect(mayContinue(line)).toBe(false))
})

describe('whatever the lines', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.constantFrom(
      ...samples.flatMap(({ text }) => text.split('\n')),
      ...next,
      '',
      ' ',
      '{"stack":"a\\n at b"}',
      '{"stack":"',
    ),
  )

  it('an event has a line at least and all at most, and is the same where another event follows it', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (lines) => {
        const length = eventLength(lines)
        expect(length).toBeGreaterThanOrEqual(1)
        expect(length).toBeLessThanOrEqual(lines.length)
        if (length > 1) expect(lines[length - 1]?.trim()).not.toBe('')
        expect(eventLength([...lines.slice(0, length), ...next])).toBe(length)
        expect((traceOf(lines)?.frames ?? []).length).toBeLessThanOrEqual(5)
      }),
      { numRuns: 500 },
    )
  })

  it('long lines take no long time', () => {
    const began = performance.now()
    for (const unit of [' ', '(', '[', '"', 'a.', '0', 'at ', 'File "', '$$', '/', 'Error:', '#', '\\', 'x.rb:1:in '])
      for (const prefix of [
        '',
        '  at ',
        'File "',
        '#0 ',
        'Error: ',
        'goroutine 1 ',
        '{"stack":"\\n',
        'x panicked at ',
      ]) {
        const long = prefix + unit.repeat(1_000_000 / unit.length)
        mayContinue(long)
        eventLength([long, long, long])
        traceOf([long, long, long])
      }
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})
