import { z } from 'zod'

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')
const integer = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().int().min(min).max(max))
const duration = (min: number, max = 366 * 24 * 3600_000) => integer(min, max)
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
)
const url = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

/**
 * Every variable the product reads, with its default and meaning. The README's configuration table is generated from
 * this schema, so a description here is documentation.
 */
export const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'])
    .default('development')
    .describe('`production` refuses conveniences such as mail in the log'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
  PORT: integer(0, 65535)
    .default(3000)
    .describe('Port to listen on; 0 takes a free one, the first log line says which'),
  PUBLIC_URL: url('http:', 'https:')
    .optional()
    .describe('Address that people use, for links in mails; the listening address when absent'),
  TRUST_PROXY: flag
    .default(false)
    .describe('Take the client address from the last X-Forwarded-For entry; only behind a proxy that sets it'),
  CORS_ORIGINS: list.default([]).describe('Comma list of browser origins that may call the API'),
  ROLE: z
    .enum(['all', 'api', 'worker', 'scanner'])
    .default('all')
    .describe(
      'What this process runs: `api` answers calls, `worker` runs the background loops, `scanner` follows log files',
    ),
  METRICS_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe('Bearer token for `/metrics`; without it only this machine may read them, with TRUST_PROXY nobody'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe level to log'),
  LOG_FORMAT: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('`auto`: pretty on a terminal, JSON lines elsewhere'),

  DATA_DIR: z.string().min(1).default('./data').describe('Folder of the embedded database and other files'),
  MYSQL_URL: url('mysql:', 'mariadb:')
    .optional()
    .describe('`mysql://user:password@host:port/database`; the embedded database when absent'),
  REDIS_URL: url('redis:', 'rediss:')
    .optional()
    .describe('`redis://host:port`; cache, limits and events stay in the process when absent'),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w:.-]{0,40}$/, 'must be at most 40 letters, digits, _ : . -')
    .default('xm:')
    .describe('Put before every Redis key'),
  DB_POOL_MAX: integer(2, 500).default(16).describe('Most connections to MySQL'),
  DB_TRANSACTION_ATTEMPTS_MAX: integer(1, 50)
    .default(8)
    .describe('Attempts of one transaction at deadlock or lock timeout'),

  CONNECTIONS_MAX: integer(10, 1_000_000)
    .default(20_000)
    .describe('Most open connections of one process, sockets included; further ones are dropped'),
  BODY_MAX_BYTES: integer(1024, 104_857_600).default(262_144).describe('Largest body of a call'),
  WEBHOOK_BODY_MAX_BYTES: integer(1024, 104_857_600).default(65_536).describe('Largest body of a webhook'),
  BATCH_MAX_CALLS: integer(1, 500).default(25).describe('Most calls in one tRPC batch'),
  REQUESTS_PER_MINUTE_PER_ADDRESS: integer(1, 10_000_000)
    .default(1200)
    .describe('Calls a minute from one network address'),
  REQUESTS_PER_MINUTE_PER_ACTOR: integer(1, 10_000_000)
    .default(600)
    .describe('Calls a minute by one signed-in account'),
  WEBHOOKS_PER_MINUTE_PER_ADDRESS: integer(1, 10_000_000)
    .default(60_000)
    .describe('Webhooks a minute from one network address'),
  REQUEST_TIMEOUT_MS: duration(1000, 600_000).default(30_000).describe('Longest a client may take to send a request'),
  SHUTDOWN_TIMEOUT_MS: duration(0, 600_000)
    .default(10_000)
    .describe('Time for work in flight at shutdown before it is cut'),

  AUTH_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe('Signs tokens, at least 32 characters; made once and kept in the database when absent'),
  ACCESS_TOKEN_TTL_MS: duration(1000).default(900_000).describe('Life of an access token'),
  SESSION_TTL_MS: duration(1000).default(2_592_000_000).describe('Life of a session that is not used'),
  REFRESH_GRACE_MS: duration(0, 600_000)
    .default(10_000)
    .describe('Within this a refresh token used twice gets the same successor'),
  SESSIONS_PER_USER_MAX: integer(1, 1000).default(50).describe('Open sessions an account may have; the oldest ends'),
  LOGIN_FAILURES_MAX: integer(1, 1000)
    .default(10)
    .describe('Failed sign-ins to one account from one network address before they are refused'),
  LOGIN_FAILURES_PER_ACCOUNT_MAX: integer(1, 100_000)
    .default(100)
    .describe('Failed sign-ins to one account before only network addresses that it signed in from are let in'),
  LOGIN_FAILURES_PER_ADDRESS_MAX: integer(1, 100_000)
    .default(50)
    .describe('Failed sign-ins from one network address, to whatever accounts, before they are refused'),
  LOGIN_LOCKOUT_MS: duration(1000)
    .default(900_000)
    .describe('How long a lockout lasts, and how far back failures count'),
  REGISTRATIONS_PER_HOUR_PER_ADDRESS: integer(1, 1_000_000)
    .default(20)
    .describe('New accounts an hour from one network address'),
  LOGINS_PER_HOUR_PER_ACCOUNT: integer(1, 1_000_000)
    .default(100)
    .describe('Successful sign-ins an hour to one account; a new password starts anew'),
  LOGINS_PER_HOUR_PER_ADDRESS: integer(1, 10_000_000)
    .default(300)
    .describe('Successful sign-ins an hour from one network address'),
  PASSWORD_CHANGES_PER_HOUR: integer(1, 1000)
    .default(5)
    .describe('Attempts an hour to change the password of one account, right or wrong'),
  PASSWORD_NOTICES_PER_HOUR: integer(1, 1000)
    .default(5)
    .describe('Mails an hour to one e-mail address that its password was changed'),
  PASSWORD_RESET_TTL_MS: duration(1000).default(3_600_000).describe('Life of a password reset token'),
  PASSWORD_RESETS_PER_HOUR: integer(1, 1000).default(5).describe('Reset mails an hour to one e-mail address'),
  PASSWORD_RESETS_PER_HOUR_PER_ADDRESS: integer(1, 1_000_000)
    .default(20)
    .describe('Reset mails an hour asked for from one network address'),
  TOTP_CHALLENGE_TTL_MS: duration(1000).default(300_000).describe('Time between password and one-time code'),
  TOTP_ISSUER: z.string().min(1).max(40).default('XM').describe('Name shown in authenticators'),
  STAFF_TOTP: z
    .enum(['required', 'optional'])
    .default('required')
    .describe('`required`: staff without a second factor can only enrol'),
  ADMIN_EMAIL: z.email().optional().describe('E-mail of the first admin; `admin@localhost.localdomain` when absent'),
  ADMIN_PASSWORD: z
    .string()
    .min(10)
    .optional()
    .describe('Password of the first admin; made and shown once when absent'),
  SMTP_URL: url('smtp:', 'smtps:')
    .optional()
    .describe('Mail server; without it mails go to the log, outside production'),
  MAIL_FROM: z.string().min(3).default('XM <no-reply@localhost>').describe('Sender of mails'),

  GATEWAYS: list
    .pipe(z.array(z.enum(['simulator'])).min(1))
    .default(['simulator'])
    .describe('Comma list of payment gateways'),
  SIMULATOR_URL: url('http:', 'https:')
    .optional()
    .describe('Where the payment simulator is; one is started beside the server when absent'),
  SIMULATOR_PORT: integer(0, 65535)
    .default(3100)
    .describe('Where the simulator that is started beside the server listens'),
  SIMULATOR_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('Signs what simulator and server tell each other; made once and kept in the database when absent'),
  SIMULATOR_WEBHOOK_URL: url('http:', 'https:')
    .optional()
    .describe(
      'Where a simulator that runs by itself sends notices; `/webhooks/simulator` at HOST and PORT when absent',
    ),
  GATEWAY_TIMEOUT_MS: duration(50, 120_000).default(5_000).describe('Longest wait for an answer of a gateway'),
  GATEWAY_CONCURRENCY_MAX: integer(1, 1000).default(32).describe('Most questions to gateways at once'),
  DEPOSIT_TTL_MS: duration(100).default(900_000).describe('Time a payer has'),
  DEPOSIT_LATE_POLICY: z
    .enum(['review', 'credit', 'refund'])
    .default('review')
    .describe('What happens to money paid after the end'),
  DEPOSIT_LATE_WATCH_MS: duration(1000)
    .default(86_400_000)
    .describe('How long after the end a payment address stays with its deposit'),
  DEPOSIT_ADDRESS_COOLING_MS: duration(0)
    .default(86_400_000)
    .describe('How long a payment address rests before its next owner'),
  DEPOSIT_ADDRESSES_MAX: integer(1, 100_000_000).default(1_000_000).describe('Most payment addresses of one method'),
  DEPOSIT_ADDRESSES_PER_USER_MAX: integer(1, 1_000_000)
    .default(100)
    .describe('Payment addresses kept for deposits of one account at once, canceled and expired ones included'),
  DEPOSITS_OPEN_PER_USER_MAX: integer(1, 1_000_000)
    .default(20)
    .describe('Deposits of one account that may await payment at once'),
  TRANSFER_MAX_MINOR: z
    .string()
    .regex(/^[1-9]\d{0,18}$/)
    .transform(BigInt)
    .default(100_000_000_000n)
    .describe('Largest transfer, minor units'),

  SWEEP_INTERVAL_MS: duration(50, 5000).default(500).describe('Pause between two looks for overdue deposits'),
  SWEEP_BATCH_MAX_ROWS: integer(1, 10_000).default(1000).describe('Most deposits expired in one look'),
  JANITOR_INTERVAL_MS: duration(50, 60_000)
    .default(1000)
    .describe('Pause between two looks for deposits to ask the gateway about'),
  JANITOR_BATCH_MAX_ROWS: integer(1, 10_000).default(100).describe('Most deposits claimed and asked about in one look'),
  OUTBOX_BATCH_MAX_ROWS: integer(1, 10_000).default(500).describe('Most events published in one go'),
  OUTBOX_ATTEMPTS_MAX: integer(1, 1000)
    .default(10)
    .describe('Attempts at one event that cannot be published before it is set aside'),
  OUTBOX_POLL_MS: duration(10, 60_000).default(250).describe('Pause between two looks for events of other processes'),
  OUTBOX_RETENTION_MS: duration(60_000).default(604_800_000).describe('How long published events are kept'),
  WEBHOOK_POLL_MS: duration(10, 60_000).default(250).describe('Pause between two looks for stored webhooks to handle'),
  WEBHOOK_ATTEMPTS_MAX: integer(1, 1000).default(30).describe('Attempts at one stored webhook before it is set aside'),
  WEBHOOK_CONCURRENCY_MAX: integer(1, 1000).default(12).describe('Stored webhooks handled at once by one process'),
  WEBHOOK_QUEUE_MAX: integer(1, 100_000)
    .default(500)
    .describe('Stored webhooks that wait in one process; more of them wait in the database'),
  WEBHOOK_RETENTION_MS: duration(60_000).default(2_592_000_000).describe('How long handled webhooks are kept'),

  LOG_SOURCES: list
    .default([])
    .describe('Comma list of log files, folders and globs of this machine that the roles all and scanner follow'),
  LOG_NODE: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('Name of this machine, whose files are not those of another; its host name when absent'),
  LOG_CLAIM_MS: duration(1000, 3_600_000)
    .default(15_000)
    .describe('A process that follows a source and gives no sign for so long is followed by another of its machine'),
  LOG_SOURCE_ROOTS: list
    .default(['/'])
    .describe('Comma list of folders below which the files lie that staff may have read; DATA_DIR is never read'),
  LOG_JOBS: integer(1, 256).default(1).describe('Threads that match what is followed'),
  LOG_STEP_BYTES: integer(4096, 67_108_864)
    .default(2_097_152)
    .describe('Most bytes of whole lines that are matched and stored at once'),
  LOG_OPEN_FILES_MAX: integer(4, 100_000)
    .default(256)
    .describe('Followed files kept open; the others are opened when they change'),
  LOG_DRAIN_MS: duration(1000)
    .default(60_000)
    .describe('A file that was rotated away is read until it was quiet for so long'),
  LOG_LOOK_MS: duration(200, 3_600_000)
    .default(5_000)
    .describe('Pause between two looks at all followed files, which find what no event told'),
  LOG_SETTLE_MS: duration(0, 10_000)
    .default(50)
    .describe('Wait after an event, so that lines written together are read together'),
  LOG_RETRY_MS: duration(50, 600_000).default(1_000).describe('Pause before matches are stored anew after a failure'),
  LOG_TEXTS_PER_GROUP_AND_MINUTE: integer(0, 1_000_000)
    .default(100)
    .describe('Lines of one group in one minute that are stored with their text; all are counted'),
  LOG_SOURCES_MAX: integer(1, 100_000).default(1000).describe('Sources that staff may add'),
  LOG_PATTERNS_MAX: integer(1, 5000).default(500).describe('Patterns that staff may have'),
  LOG_PATTERNS_MAX_CHARS: integer(1000, 10_000_000)
    .default(75_000)
    .describe(
      'Characters of all of these, with their ids and titles; more than the default may be too much for one import',
    ),
  LOG_PATTERNS_MAX_STEPS: integer(1000, 200_000)
    .default(100_000)
    .describe('Steps of the programs of all patterns that are looked for'),
  LOG_GROUP_MEMBERS_MAX: integer(1, 400).default(100).describe('Groups that staff may merge into one'),
  LOG_LINES_TOLD_PER_SECOND: integer(0, 100_000)
    .default(20)
    .describe('Lines a second that one process pushes to sockets that listen; all are stored'),
  LOG_REFRESH_MS: duration(100, 3_600_000)
    .default(2_000)
    .describe('Pause between two looks at what staff want followed and looked for'),
  LOG_ENDED_TEXTS_MAX: integer(0, 10_000_000)
    .default(10_000)
    .describe('Texts of one source that ended and by which copies, made by rotations, are recognised'),
  LOG_ENDED_TEXTS_RETENTION_MS: duration(60_000)
    .default(1_209_600_000)
    .describe('How long after its end a text is still recognised after a restart'),
  LOG_UNPACKED_MAX_BYTES: integer(0, 1_099_511_627_776)
    .default(4_294_967_296)
    .describe(
      'Bytes that are unpacked into a temporary file where a text was compressed before it was read to its end',
    ),
  LOG_EVENT_RETENTION_MS: duration(60_000).default(2_592_000_000).describe('How long single matching lines are kept'),
  LOG_MINUTES_RETENTION_MS: duration(3_600_000)
    .default(7_776_000_000)
    .describe('How long counts by the minute are kept'),
  LOG_HOURS_RETENTION_MS: duration(86_400_000)
    .default(31_536_000_000)
    .describe('How long counts by the hour and the history of groups are kept, and groups that are seen no more'),

  LOG_ALERT_RULES_MAX: integer(1, 10_000).default(200).describe('Alert rules that staff may have'),
  LOG_ALERT_LOOK_MS: duration(100, 3_600_000)
    .default(10_000)
    .describe('Pause between two looks at what alert rules count'),
  LOG_ALERT_POLL_MS: duration(20, 600_000).default(500).describe('Pause between two looks for alerts to deliver'),
  LOG_ALERT_DELIVERIES_MAX: integer(1, 1000)
    .default(16)
    .describe('Deliveries of alerts under way at once in one process'),
  LOG_ALERT_DELIVERIES_PER_RULE_MAX: integer(1, 1000).default(2).describe('Of these, those of one rule'),
  LOG_ALERT_RETENTION_MS: duration(60_000)
    .default(7_776_000_000)
    .describe('How long alerts are kept, and scans that ended'),
  LOG_SCAN_JOBS: integer(1, 256).default(2).describe('Threads of a scan that staff start'),
  LOG_SCAN_POLL_MS: duration(50, 600_000).default(1_000).describe('Pause between two looks for scans that wait'),
  LOG_SCAN_TELL_MS: duration(50, 60_000).default(500).describe('Pause between two signs of a scan under way'),
  LOG_SCAN_FILES_MAX: integer(1, 1_000_000).default(10_000).describe('Files of one scan'),
  LOG_SCANS_QUEUED_MAX: integer(1, 100_000).default(100).describe('Scans that may wait'),

  WEBHOOK_OUT_TIMEOUT_MS: duration(100, 120_000).default(10_000).describe('Longest wait for the answer to a webhook'),
  WEBHOOK_OUT_ATTEMPTS_MAX: integer(1, 1000).default(15).describe('Attempts at one webhook before it is given up'),
  WEBHOOK_OUT_RETRY_MS: duration(10, 3_600_000)
    .default(5_000)
    .describe('Pause before the second attempt at a webhook; it doubles with each'),
  WEBHOOK_OUT_RETRY_MAX_MS: duration(10)
    .default(21_600_000)
    .describe('Longest pause between two attempts at a webhook'),
  WEBHOOK_OUT_ALLOW_PRIVATE: flag
    .default(false)
    .describe('Webhooks may go to plain HTTP, and to addresses of private networks and of this machine'),

  SOCKETS_PER_SESSION_MAX: integer(1, 100_000).default(10).describe('Sockets of one session on one node'),
  SOCKETS_PER_USER_MAX: integer(1, 100_000)
    .default(50)
    .describe('Sockets of one account on one node, whatever their sessions; the oldest ends'),
  SOCKET_WATCHES_MAX: integer(1, 100_000).default(100).describe('Deposits one socket may watch'),
  SOCKET_MESSAGES_PER_SECOND: integer(1, 100_000).default(50).describe('Messages a second that one socket may send'),
  SOCKET_PAYLOAD_MAX_BYTES: integer(256, 10_485_760).default(65_536).describe('Largest message from a socket'),
  SOCKET_BUFFER_MAX_BYTES: integer(1024, 1_073_741_824)
    .default(1_048_576)
    .describe('Unsent bytes after which a slow socket is closed'),
  SOCKET_RESUME_MAX_MS: duration(0, 3_600_000)
    .default(120_000)
    .describe('How long a dropped connection can be recovered with its missed events'),
})
