import type { Level, LogPattern } from './log-pattern.ts'

const regex = (id: string, level: Level, title: string, expression: string): LogPattern => ({
  ...{ id, level, title, ignoreCase: false },
  match: { regex: expression },
})
const texts = (id: string, level: Level, title: string, ...anyOf: string[]): LogPattern => ({
  ...{ id, level, title, ignoreCase: false },
  match: { anyOf },
})

/** What is looked for where nobody says otherwise. */
export const builtInPatterns: readonly LogPattern[] = [
  regex(
    'node.exception',
    'error',
    'Uncaught exception in Node.js',
    '^(?:Uncaught |\\[?)?(?:Type|Range|Reference|Syntax|Eval|URI|Aggregate)?Error(?: \\[[A-Z_]+\\])?: ',
  ),
  texts(
    'node.unhandled-rejection',
    'error',
    'Unhandled promise rejection',
    'UnhandledPromiseRejection',
    'ERR_UNHANDLED_REJECTION',
  ),
  texts(
    'node.out-of-memory',
    'fatal',
    'Node.js heap is exhausted',
    'JavaScript heap out of memory',
    'Reached heap limit',
  ),
  regex(
    'node.system-error',
    'error',
    'System call failed in Node.js',
    '\\b(?:ECONNREFUSED|ECONNRESET|EADDRINUSE|EMFILE|ENOSPC|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND)\\b',
  ),
  regex('java.exception', 'error', 'Java exception', '\\b(?:[a-z_][\\w$]*\\.)+[A-Z][\\w$]*(?:Exception|Error)\\b'),
  regex('java.caused-by', 'error', 'Cause of a Java exception', '^Caused by: '),
  texts('java.out-of-memory', 'fatal', 'Java heap is exhausted', 'java.lang.OutOfMemoryError'),
  regex('java.severe', 'error', 'Java log line of level SEVERE or FATAL', '\\b(?:SEVERE|FATAL)\\b'),
  texts('python.traceback', 'error', 'Python traceback', 'Traceback (most recent call last):'),
  regex(
    'python.exception',
    'error',
    'Python exception',
    '^(?:[a-zA-Z_]\\w*\\.)*[A-Z]\\w*(?:Error|Exception|Warning|Interrupt): ',
  ),
  regex('go.panic', 'fatal', 'Go panic', '^(?:panic: |fatal error: )'),
  regex('go.goroutine', 'error', 'Goroutine of a Go trace', '^goroutine \\d+ \\['),
  regex('nginx.error', 'error', 'nginx error', ' \\[(?:error|crit|alert|emerg)\\] \\d+#\\d+: '),
  texts(
    'nginx.upstream',
    'error',
    'nginx cannot reach its upstream',
    'upstream timed out',
    'no live upstreams',
    'upstream prematurely closed connection',
  ),
  regex('http.5xx', 'error', 'HTTP answer of the server error kind', '" 5\\d\\d (?:\\d+|-)'),
  regex(
    'mysql.error',
    'error',
    'MySQL or MariaDB error',
    '\\[ERROR\\] (?:\\[MY-\\d+\\]|InnoDB:|mysqld|mariadbd|Aborting|Slave|Got error)',
  ),
  regex('mysql.client-error', 'error', 'Error answered by MySQL', '\\bERROR \\d{4} \\([0-9A-Z]{5}\\)'),
  texts(
    'mysql.deadlock',
    'warn',
    'Deadlock in MySQL',
    'Deadlock found when trying to get lock',
    'TRANSACTION DEADLOCK',
  ),
  regex(
    'redis.error',
    'error',
    'Redis error answer',
    '(?:^|[ "\'])(?:MISCONF|LOADING|READONLY|NOAUTH|WRONGTYPE|CLUSTERDOWN|OOM command not allowed) ',
  ),
  texts(
    'redis.save-failed',
    'error',
    'Redis cannot save',
    "Can't save in background",
    'Background saving error',
    'Write error saving DB on disk',
  ),
  regex(
    'kernel.oom-killer',
    'fatal',
    'The kernel killed a process for memory',
    '(?:Out of memory: Kill|oom-kill:|invoked oom-killer)',
  ),
  regex(
    'kernel.fault',
    'fatal',
    'Kernel fault',
    '(?:Kernel panic - not syncing|BUG: unable to handle|general protection fault|segfault at [0-9a-f]+)',
  ),
  regex(
    'kernel.disk',
    'error',
    'Disk error',
    '(?:I/O error, dev |EXT4-fs error|Buffer I/O error on dev|blk_update_request: )',
  ),
  texts('disk.full', 'error', 'No space left on a disk', 'No space left on device', 'Disk quota exceeded'),
  regex(
    'ssh.failed-login',
    'warn',
    'Failed sign-in over SSH',
    'sshd(?:\\([\\w-]+\\))?\\[\\d+\\]: (?:Failed (?:password|publickey)|Invalid user|authentication failure)',
  ),
  {
    ...regex(
      'generic.level',
      'error',
      'Line of level error or worse',
      '(?:^|[\\s\\[|=":])(?:error|err|fatal|critical|crit|panic|emerg)(?:[\\s\\]|:",]|$)',
    ),
    ignoreCase: true,
  },
]
