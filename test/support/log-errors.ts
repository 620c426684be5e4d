import { access, app, json } from './log-lines.ts'

/** A pattern with lines that it matches, and near misses: its literals, in part or in other case, in lines it does not. */
interface LoggedError {
  readonly pattern: string
  readonly hits: readonly string[]
  readonly decoys: readonly string[]
}

const error = (message: string) => app('ERROR', message)
const calm = (message: string) => app('{calm}', message)
const logged = (pattern: string, hits: readonly string[], decoys: readonly string[]): LoggedError => ({
  ...{ pattern, hits, decoys },
})

/** The first are logged most often. The syntax is what RE2, GNU grep -E, ripgrep and JavaScript read alike. */
export const loggedErrors: readonly LoggedError[] = [
  logged(
    'Connection refused',
    [error('call {h12} to {host}:{port} failed: Connection refused (attempt {d2})')],
    [
      calm('Connection of {user} from {ip} refused by policy {d3}, as configured'),
      calm('connection refused: not seen for {d4} s'),
    ],
  ),
  logged(
    'HTTP/1\\.[01]" 50[0234] ',
    [access('GET {path} HTTP/1.1" 502'), access('POST {path} HTTP/1.0" 503')],
    [access('GET {path} HTTP/1.1" 501'), access('GET {path} HTTP/1.1" 200 502')],
  ),
  logged(
    'status=5[0-9]{2}',
    [error('request {h12} GET {path} answered with status=503 in {d4} ms, {d3} bytes')],
    [calm('request {h12} upgraded, status=5x counted as none, {d3} ms'), calm('exit_status=5 of probe {d4}')],
  ),
  logged(
    '(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH)',
    [error('connect ECONNREFUSED {ip}:{port}, job {h12} goes back'), json('error', 'read ECONNRESET of {ip}:{port}')],
    [calm('errno map loaded: ECONN_REFUSED=111 e_timedout=110, {d3} more'), calm('alert rule econnreset is off')],
  ),
  logged(
    'upstream (timed out|prematurely closed)',
    [
      '{nginx} [error] {d5}#0: *{d6} upstream timed out (110) while reading from {ip}:{port}, request: "GET {path}"',
      '{nginx} [error] {d5}#0: *{d6} upstream prematurely closed connection, client: {ip}, request: "POST {path}"',
    ],
    [calm('upstream {service} times out after {d4} ms as told'), calm('upstream closed in order, {d3} requests')],
  ),
  logged(
    'java\\.lang\\.(NullPointer|IllegalState|ClassCast)Exception',
    [
      error('could not map order {d7}: java.lang.NullPointerException: Cannot invoke "Cart.items()"'),
      'java.lang.IllegalStateException: the session {h8} has ended already',
    ],
    [calm('rule java/lang/NullPointerException muted until {d9}'), calm('java.lang.IllegalArgumentException: skipped')],
  ),
  logged(
    '^Caused by: [a-zA-Z.]+Exception',
    ['Caused by: java.io.IOException: pipe {d3} is closed', 'Caused by: com.acme.orders.CartException: cart {h8}'],
    [calm('delay of {d4} ms, Caused by: the.LockException of {user}'), 'Caused by: org.acme.Warning$Late {d4}'],
  ),
  logged(
    '[Pp][Ee][Rr][Mm][Ii][Ss][Ss][Ii][Oo][Nn] [Dd][Ee][Nn][Ii][Ee][Dd]',
    [error('{user} asked for {path}: Permission denied'), error('open /srv/{table}/{d4}: PERMISSION DENIED')],
    [calm('permission of {user} not denied: role {d3}'), calm('Permission  denied counter is 0 since {d5} s')],
  ),
  logged(
    '[Rr][Ee][Tt][Rr][Ii][Ee][Ss] [Ee][Xx][Hh][Aa][Uu][Ss][Tt][Ee][Dd]',
    [error('call {h12} to {service}: retries exhausted after {d4} ms'), error('Retries Exhausted for mail {d6}')],
    [calm('retries not exhausted, {d2} to go for {h12}'), calm('retries: exhausted=false left=3 call={h12}')],
  ),
  logged(
    'connection reset by peer',
    [error('read of {d4} bytes from {ip}:{port}: connection reset by peer')],
    [calm('connection reset by {user}, {d4} bytes sent'), calm('Connection Reset By Peer is counted: {d3}')],
  ),
  logged(
    'deadlock detected',
    [error('update of {table} failed: deadlock detected, process {d5} waits for ShareLock on transaction {d7}')],
    [calm('no deadlock was detected in {d4} looks at {table}'), calm('Deadlock detected: 0, waits: {d3}')],
  ),
  logged(
    'ERROR .* transaction [0-9a-f]{8} rolled back$',
    [error('order {d7}: transaction {h8} rolled back')],
    [error('order {d7}: transaction {h8} rolled back by {user}'), calm('order {d7}: transaction {h8} rolled back')],
  ),
  logged(
    '"level":"(fatal|critical)"',
    [json('fatal', 'cannot bind port {port}, worker {d3} ends'), json('critical', 'no primary for {table}')],
    [json('info', 'setting level: fatal, critical go to {user}'), '{"level": "fatal", "seen": 0, "of": {d5}}'],
  ),
  logged(
    'java\\.sql\\.SQL[A-Za-z]*Exception',
    [error('select from {table}: java.sql.SQLTransientConnectionException: no connection within {d5} ms')],
    [calm('handler of java.sql.SQL-Exception registered, {d3} codes'), calm('java.sql.SQLWarning of {table}: {d3}')],
  ),
  logged(
    'OutOfMemoryError',
    [error('job {h12} died: java.lang.OutOfMemoryError: Java heap space'), 'java.lang.OutOfMemoryError: Metaspace'],
    [calm('option ExitOnOutOfMemory is on, heap {d4} MB'), calm('OutOfMemory_Error budget is {d3} a day')],
  ),
  logged(
    '(FATAL|EMERG)[: ]',
    [app('FATAL', 'cannot open {table}: giving up after {d2} attempts'), '{nginx} [EMERG: {d4}] bind() to {ip} failed'],
    [calm('severities NON_FATAL, EMERGENCY mapped to {d2}'), calm('filter is FATAL, off for {user}')],
  ),
  logged(
    '^[0-9TZ:.-]{24} FATAL com\\.acme\\.',
    ['{stamp} FATAL com.acme.orders.CheckoutService [main] no stock service, order {d7} is lost'],
    ['{stamp}  FATAL-like com.acme.orders.Rule {d3} is off', calm('replayed: {stamp} fatal com.acme.orders {d3}')],
  ),
  logged(
    'certificate (has expired|verify failed)',
    [error('TLS to {host}:443: certificate has expired ({d3} days ago)'), error('{ip}: certificate verify failed')],
    [calm('certificate of {host} has not expired, {d3} days left'), calm('Certificate has expired: 0 of {d3}')],
  ),
  logged(
    'circuit breaker [a-z]{3,12} (opened|tripped)',
    [
      error('circuit breaker {service} opened after {d2} failures'),
      error('circuit breaker {service} tripped by {user}'),
    ],
    [calm('circuit breaker opened: {service}, never'), calm('circuit breaker {h8}-x opened and closed in a drill')],
  ),
  logged(
    'Too many open files',
    [error('accept on port {port} failed: Too many open files ({d5})')],
    [calm('open files: {d5}, too many from 60000'), calm('too many open files: alert is armed at {d5}')],
  ),
  logged(
    'No space left on device',
    [error('write of {d6} bytes to /var/lib/{table}: No space left on device')],
    [calm('space left on device {d3}: 61 percent'), calm('No space left on tape {d3}, next one taken')],
  ),
  logged(
    '[Dd][Ii][Ss][Kk] [Qq][Uu][Oo][Tt][Aa] [Ee][Xx][Cc][Ee][Ee][Dd][Ee][Dd]',
    [error('write for {user}: Disk quota exceeded by {d6} bytes')],
    [calm('disk quota of {user} not exceeded, {d6} bytes left'), calm('disk quota: exceeded by nobody of {d3}')],
  ),
  logged(
    'heartbeat lost for [0-9]{5,} ms',
    [error('consumer {h8} of {service}-events: heartbeat lost for {d5} ms, partition moves')],
    [calm('consumer {h8}: heartbeat lost for {d4} ms'), calm('heartbeat lost for {d3}00 us is no loss')],
  ),
  logged(
    'worker [0-9]{1,4} (exited|died) with (code|signal) [1-9][0-9]{0,2}',
    [error('worker {d3} exited with code 137, {d2} jobs go back'), error('worker {d2} died with signal 9')],
    [calm('worker {d3} exited with code 0, all jobs done'), calm('worker {d5} exited with code 1x, in a dry run')],
  ),
  logged(
    'checksum mismatch.*expected [0-9a-f]{8}',
    [error('part {d3} of {h12}: checksum mismatch, got {h8}, expected {h8}')],
    [calm('checksum mismatch of part {d3} is as expected'), calm('expected {h8}, no checksum mismatch')],
  ),
  logged(
    'replication lag [0-9]{4,}s',
    [error('{host} is behind: replication lag {d4}s, reads go to the primary')],
    [calm('{host}: replication lag {d3}s'), calm('{host}: replication lag {d5} ms, fine')],
  ),
  logged(
    'panic: runtime error',
    ['panic: runtime error: index out of range [{d2}] with length 3'],
    [calm('runtime panic: no error in {d5} s'), calm('panic:runtime errors are sent to {user}, {d3}')],
  ),
  logged(
    '^Traceback \\(most recent call last\\):$',
    ['Traceback (most recent call last):'],
    [calm('Traceback (most recent call last): cut at {d2}'), 'Traceback (most recent call first): {d3}'],
  ),
  logged(
    'segfault at [0-9a-f]+',
    ['{stamp} {host} kernel: imageproxy[{d5}]: segfault at 7f{h8} ip 00{h8} sp 00{h8} error 4 in libvips.so'],
    [calm('segfault at none of {d3} hosts'), calm('Segfault at {h8} is the sample of the manual')],
  ),
  logged(
    'Out of memory: Kill(ed)? process [0-9]{1,7}',
    ['{stamp} {host} kernel: Out of memory: Killed process {d5} (java) total-vm:{d7}kB, anon-rss:{d6}kB'],
    [calm('Out of memory: Killing process {d5} is off'), calm('out of memory: Kill process rule has {d3} hits')],
  ),
]
