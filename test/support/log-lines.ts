// Lines of a house of services where nothing is wrong, as templates. `{d4}`: four digits, `{h8}`: eight hex digits,
// `{stamp}` and `{nginx}`: the time; these differ each time a line is written. Other names stand for words.

export const words: Readonly<Record<string, readonly string[]>> = {
  calm: ['INFO', 'INFO', 'INFO', 'DEBUG', 'DEBUG', 'WARN'],
  logger: [
    'com.acme.billing.InvoiceWriter',
    'com.acme.orders.CheckoutService',
    'com.acme.catalog.SearchIndexer',
    'com.acme.gateway.RequestFilter',
    'com.acme.identity.SessionStore',
    'com.acme.shipping.LabelPrinter',
    'org.hibernate.engine.StatisticsLog',
    'io.netty.channel.EventLoop',
  ],
  thread: ['http-8', 'http-17', 'worker-3', 'worker-12', 'scheduler-1', 'kafka-consumer-5', 'main'],
  service: ['billing', 'orders', 'catalog', 'gateway', 'identity', 'shipping', 'search', 'mail'],
  host: ['web-01', 'web-02', 'app-07', 'app-11', 'db-primary', 'db-replica-2', 'cache-04'],
  user: ['mia.lang', 'j.smith', 'akira', 'svc-report', 'o.petrov', 'lena42', 'guest', 'n.okafor'],
  ip: ['10.0.3.17', '10.2.44.9', '192.168.7.201', '172.16.0.5', '203.0.113.77', '198.51.100.23'],
  port: ['5432', '6379', '8080', '443', '9092', '3306'],
  table: ['invoices', 'orders', 'order_items', 'accounts', 'sessions', 'stock_levels'],
  path: [
    '/',
    '/api/v2/orders',
    '/api/v2/orders/8812/items',
    '/assets/app.4f2a.js',
    '/login',
    '/search?q=winter+boots&page=3',
    '/api/v2/customers/me/addresses',
    '/healthz',
  ],
  agent: [
    'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)',
    'curl/8.5.0',
    'okhttp/4.12.0',
    'kube-probe/1.29',
  ],
  fine: ['200', '200', '200', '200', '204', '301', '304', '404', '401'],
  class: ['OrderMapper', 'RetryTemplate', 'ConnectionPool', 'JsonCodec', 'TransactionInterceptor', 'Dispatcher'],
  method: ['invoke', 'doFilter', 'execute', 'process', 'acquire', 'lambda$run$0'],
}

export const app = (level: string, message: string) => `{stamp} ${level} {logger} [{thread}] ${message}`
export const access = (request: string) => `{ip} - {user} [{nginx}] "${request} {d4} "-" "{agent}" rt=0.{d3}`
export const json = (level: string, message: string) =>
  `{"time":"{stamp}","level":"${level}","service":"{service}","host":"{host}","trace":"{h16}","msg":"${message}"}`

export const appLines = [
  'order {d7} accepted for customer {d6}, 3 items, total 8{d2}.90 EUR',
  'connection {d4} to {ip}:{port} opened in {d2} ms, 17 of 40 in use',
  'connection {d4} to {ip}:{port} returned to the pool after {d5} ms, idle since {d2} s',
  'cache lookup of session {h16} for {user}: found, age {d3} s, renewed for another 1800 s',
  'request {h12} GET {path} answered with status={fine} in {d3} ms, {d5} bytes, client {ip}',
  'request {h12} POST {path} answered with status={fine} in {d3} ms, retries=0 errors=0 timeouts=0',
  'consumed {d3} messages of topic {service}-events partition 7, offset {d9}, lag {d2}, heartbeat sent',
  'worker {d2} picked up job {h12} from queue {service}, {d3} are waiting, oldest is {d2} s old',
  'worker {d2} finished job {h12} in {d4} ms, exit status 0',
  'select of {d3} rows from {table} took {d2} ms, transaction {h8} committed',
  'update of {d2} rows in {table} took {d2} ms, transaction {h8} committed, replication lag {d2} ms',
  'token of {user} refreshed, expires in {d4} s, scopes read write, permission set is {service}.default',
  'certificate of {host} is valid for another {d3} days, chain has 3 entries',
  'uploaded label {h16} to the object store, {d6} bytes, checksum {h8} verified, {d2} parts',
  'scheduled report {d5} for {user} at the next full hour, memory {d3} MB, disk 61 percent',
  'permission check of {user} took {d2} us',
  'slow call of {service} took {d4} ms, limit is 1000 ms, the circuit breaker stays closed (2 of 20 calls slow)',
  'retry 1 of 5 of call {h12} to {service} in {d3} ms after a late answer',
  'reindexed {d5} documents of {table} in {d4} ms, {d2} skipped as unchanged, no conflicts',
].map((message) => app('{calm}', message))

export const accessLines = [
  'GET {path} HTTP/1.1" {fine}',
  'GET {path} HTTP/1.1" {fine}',
  'POST {path} HTTP/1.1" {fine}',
  'HEAD {path} HTTP/1.0" {fine}',
].map(access)

export const jsonLines = [
  'checked out cart {h8} of {user}',
  'sent mail {d6} to the queue, attempt 1 of 3',
  'feature flags loaded, {d2} on',
  'session renewed',
].map((message) => json('info', message))

/** A trace that somebody logged on purpose; its frames follow. */
export const traceHeads = [
  app('DEBUG', 'caller of the deprecated method recorded, stack follows: com.acme.trace.CallSite: sample {d5}'),
  'com.acme.orders.StaleCartWarning: cart {h8} was changed by another session, took the newer one',
]

export const traceFrames = [
  '\tat com.acme.{service}.{class}.{method}({class}.java:{d3})',
  '\tat org.springframework.aop.framework.{class}.{method}({class}.java:{d3})',
  '\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)',
  '\tat org.hibernate.internal.{class}.{method}({class}.java:{d2}) ~[hibernate-core-6.4.{d2}.jar:6.4]',
]
