import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** The figures of one process, in a registry of their own. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    /** A figure that is read when somebody asks for it. */
    observe(name: string, help: string, read: () => number): void {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    },
    httpRequests: new Histogram({
      name: 'xm_http_request_seconds',
      help: 'Time to answer HTTP requests, by the first part of the path and the status',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    connectionsDropped: new Counter({
      name: 'xm_connections_dropped_total',
      help: 'Connections dropped because too many were open',
      registers,
    }),
    procedureErrors: new Counter({
      name: 'xm_procedure_errors_total',
      help: 'Calls that were refused or failed, by error code',
      labelNames: ['code'],
      registers,
    }),
    sockets: new Gauge({ name: 'xm_sockets', help: 'Open sockets of this process', registers }),
    socketsRefused: new Counter({
      name: 'xm_sockets_refused_total',
      help: 'Sockets refused at the entrance, by code',
      labelNames: ['code'],
      registers,
    }),
    socketsEnded: new Counter({
      name: 'xm_sockets_ended_total',
      help: 'Sockets that the server ended, by reason',
      labelNames: ['reason'],
      registers,
    }),
    socketCalls: new Counter({
      name: 'xm_socket_calls_total',
      help: 'Calls over sockets, by event and outcome',
      labelNames: ['event', 'outcome'],
      registers,
    }),
    logLines: new Counter({
      name: 'xm_log_lines_total',
      help: 'Lines of followed files that matched and were stored, by source',
      labelNames: ['source'],
      registers,
    }),
    eventsPublished: new Counter({
      name: 'xm_events_published_total',
      help: 'Outbox events published by this process',
      registers,
    }),
    eventsSetAside: new Counter({
      name: 'xm_events_set_aside_total',
      help: 'Outbox events that could not be published and were set aside, by type',
      labelNames: ['type'],
      registers,
    }),
    notices: new Counter({
      name: 'xm_webhooks_total',
      help: 'Webhooks by provider and outcome',
      labelNames: ['provider', 'outcome'],
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
