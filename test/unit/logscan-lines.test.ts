import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineReader } from '../../src/logscan/domain/line/read-line.ts'

const referenceTime = Date.UTC(2026, 0, 15)
const read = createLineReader({ referenceTime })

type Row = readonly [
  text: string,
  time: string | null,
  level: string | null,
  host: string | null,
  component: string | null,
  message: string,
]

const rows: Readonly<Record<string, readonly Row[]>> = {
  'supercomputers and other numbered layouts': [
    [
      'nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b-2096-447d-96ea-a692162415ae 113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - -] 10.11.10.1 "GET /v2" status: 200',
      '2017-05-16T00:00:00.008Z',
      'info',
      null,
      'nova.osapi_compute.wsgi.server',
      '10.11.10.1 "GET /v2" status: 200',
    ],
    [
      '- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.363779 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected',
      '2005-06-03T22:42:50.363Z',
      'info',
      'R02-M1-N0-C:J12-U11',
      'KERNEL',
      'instruction cache parity error corrected',
    ],
    [
      'KERNDTLB 1118536327 2005.06.11 R30 2005-06-11-17.32.07.581048 R30 RAS KERNEL FATAL data TLB error interrupt',
      '2005-06-12T00:32:07.581Z',
      'fatal',
      'R30',
      'KERNEL',
      'data TLB error interrupt',
    ],
    [
      '- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed for user root',
      '2005-11-09T20:01:01.000Z',
      null,
      'dn228',
      'crond(pam_unix)',
      'session closed for user root',
    ],
    [
      '- 1131567022 2005.11.09 tbird-sm1 Nov 9 12:10:22 src@tbird-sm1 /apps/x86_64/system/ganglia-3.0.1/sbin/gmetad[1682]: data_thread() got',
      '2005-11-09T20:10:22.000Z',
      null,
      'tbird-sm1',
      '/apps/x86_64/system/ganglia-3.0.1/sbin/gmetad',
      'data_thread() got',
    ],
    [
      '134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component State Change: Component \\042alt0\\042',
      '2004-02-26T14:12:22.000Z',
      null,
      'node-246',
      'unix.hw',
      'Component State Change: Component \\042alt0\\042',
    ],
    [
      '463459 node-236 node status 1145552216 1 running',
      '2006-04-20T16:56:56.000Z',
      null,
      'node-236',
      'node',
      'running',
    ],
  ],
  syslog: [
    [
      'Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; x',
      '2025-06-14T15:16:01.000Z',
      null,
      'combo',
      'sshd(pam_unix)',
      'authentication failure; x',
    ],
    [
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
      '2025-10-11T22:14:15.000Z',
      'fatal',
      'mymachine',
      'su',
      "'su root' failed for lonvick on /dev/pts/8",
    ],
    [
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="App\\]x" eventID="1011"][x@1 a="b"] An application event',
      '2003-10-11T22:14:15.003Z',
      'info',
      'mymachine.example.com',
      'evntslog',
      'An application event',
    ],
    ['<13>1 - - - - - - hello there', null, 'info', null, null, 'hello there'],
    [
      '2026-01-01T00:00:00+0000 myhost sshd[123]: Accepted publickey',
      '2026-01-01T00:00:00.000Z',
      null,
      'myhost',
      'sshd',
      'Accepted publickey',
    ],
    [
      '2026-01-01T00:00:00+0000 myhost kernel: [   12.345678] eth0 up',
      '2026-01-01T00:00:00.000Z',
      null,
      'myhost',
      'kernel',
      'eth0 up',
    ],
    [
      '2026-01-01T00:00:00.123456+00:00 web-1 rsyslogd: start',
      '2026-01-01T00:00:00.123Z',
      null,
      'web-1',
      'rsyslogd',
      'start',
    ],
    [
      'Jul  1 09:00:55 calvisitor-10-105-160-95 kernel[0]: IOThunderboltSwitch<0>(0x0)::listenerCallback',
      '2025-07-01T09:00:55.000Z',
      null,
      'calvisitor-10-105-160-95',
      'kernel',
      'IOThunderboltSwitch<0>(0x0)::listenerCallback',
    ],
    [
      'Jul  2 16:01:45 mac com.apple.xpc.launchd[1] (com.apple.xpc.launchd.domain.pid.WebContent.25220): Path not allowed',
      '2025-07-02T16:01:45.000Z',
      null,
      'mac',
      'com.apple.xpc.launchd',
      'Path not allowed',
    ],
    [
      'Jul  2 16:01:45 mac Microsoft Word[14463]: thing',
      '2025-07-02T16:01:45.000Z',
      null,
      'mac',
      'Microsoft Word',
      'thing',
    ],
    [
      'Jul  3 21:20:50 mac QQ[10018]: FA||Url||taskID[2019352994] dealloc',
      '2025-07-03T21:20:50.000Z',
      null,
      'mac',
      'QQ',
      'FA||Url||taskID[2019352994] dealloc',
    ],
    [
      'Jul  3 21:20:50 mac QQ[10018]: 2017/07/03 21:24:54.789 | I | VoipWrapper  | DAVEngineImpl.cpp:1400:Close | close video chat',
      '2017-07-03T21:24:54.789Z',
      'info',
      'mac',
      'VoipWrapper',
      'close video chat',
    ],
    [
      'Jul  3 21:20:50 combo last message repeated 2 times',
      '2025-07-03T21:20:50.000Z',
      null,
      'combo',
      null,
      'last message repeated 2 times',
    ],
    [
      '2026-01-01T00:00:00.123456+00:00 app[web.1]: hello heroku',
      '2026-01-01T00:00:00.123Z',
      null,
      null,
      'app',
      'hello heroku',
    ],
    [
      'Jan  1 00:00:00 host dockerd[1]: time="2026-01-01T00:00:00Z" level=error msg="inner"',
      '2026-01-01T00:00:00.000Z',
      'error',
      'host',
      'dockerd',
      'inner',
    ],
    [
      'Jan  1 00:00:00 host kubelet[1]: E0102 15:04:05.123456   1 x.go:1] inner',
      '2026-01-02T15:04:05.123Z',
      'error',
      'host',
      'x.go',
      'inner',
    ],
  ],
  'nginx and Apache': [
    [
      '2026/01/01 00:00:00 [error] 1234#5678: *90 open() "/x" failed (2: No such file or directory), client: 1.2.3.4, server: _',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      null,
      'open() "/x" failed (2: No such file or directory), client: 1.2.3.4, server: _',
    ],
    [
      '2026/01/01 00:00:00 [notice] 1#1: start worker processes',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      null,
      'start worker processes',
    ],
    [
      '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 503 2326 "http://x" "Mozilla/4.08 [en]"',
      '2000-10-10T20:55:36.000Z',
      'error',
      null,
      null,
      'GET /apache_pb.gif HTTP/1.0 503',
    ],
    ['::1 - - [10/Oct/2000:13:55:36 +0000] "-" 408 - "-" "-"', '2000-10-10T13:55:36.000Z', 'warn', null, null, '- 408'],
    [
      '127.0.0.1 - - [01/Jan/2026 00:00:00] "GET /a\\"b HTTP/1.1" 404 -',
      '2026-01-01T00:00:00.000Z',
      'warn',
      null,
      null,
      'GET /a\\"b HTTP/1.1 404',
    ],
    [
      '[Sun Dec 04 04:47:44 2005] [error] [pid 1:tid 2] [client 1.2.3.4] File does not exist: /x',
      '2005-12-04T04:47:44.000Z',
      'error',
      null,
      null,
      'File does not exist: /x',
    ],
    [
      '[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:55] AH00128: File does not exist',
      '2000-10-11T14:32:52.123Z',
      'error',
      null,
      'core',
      'AH00128: File does not exist',
    ],
    [
      '[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties',
      '2005-12-04T04:47:44.000Z',
      'info',
      null,
      null,
      'workerEnv.init() ok /etc/httpd/conf/workers2.properties',
    ],
  ],
  'JSON and logfmt': [
    [
      '{"level":50,"time":1700000000123,"pid":1,"hostname":"h1","msg":"boom \\"x\\"","err":{"type":"Error","message":"no","stack":"Error: no\\n    at f"}}',
      '2023-11-14T22:13:20.123Z',
      'error',
      'h1',
      null,
      'boom "x"',
    ],
    [
      '{"timestamp":"2026-01-01T00:00:00.5Z","severity":"WARNING","logger":"a.b","message":"hi"}',
      '2026-01-01T00:00:00.500Z',
      'warn',
      null,
      'a.b',
      'hi',
    ],
    [
      '{"@timestamp":"2026-01-01T00:00:00Z","log.level":"error","error":{"stack_trace":"java.lang.X: y\\n\\tat z","message":"y"}}',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      null,
      'y',
    ],
    [
      '{"ts":1700000000.5,"lvl":"info","caller":"x.go:1","event":"started"}',
      '2023-11-14T22:13:20.500Z',
      'info',
      null,
      null,
      'started',
    ],
    [
      '{"t":{"$date":"2026-01-01T00:00:00.000+00:00"},"s":"E","c":"NETWORK","id":1,"ctx":"conn1","msg":"bad","attr":{"a":{"b":1}}}',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      'NETWORK',
      'bad',
    ],
    [
      '{"log":"2026-01-01 00:00:00,123 ERROR x.y.Foo: bad thing\\n","stream":"stderr","time":"2026-01-01T00:00:01.5Z"}',
      '2026-01-01T00:00:00.123Z',
      'error',
      null,
      'x.y.Foo',
      'bad thing',
    ],
    ['{"a":1}', null, null, null, null, '{"a":1}'],
    ['{"level":"error","msg":"cut off in the mid', null, 'error', null, null, 'cut off in the mid'],
    [
      'time=2026-01-01T00:00:00Z level=info msg="hello \\"you\\"" k=v',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      null,
      'hello "you"',
    ],
    [
      'ts=1700000000 level=warn caller=x.go:1 component=tsdb a=b err="no way"',
      '2023-11-14T22:13:20.000Z',
      'warn',
      null,
      'tsdb',
      'caller=x.go:1 a=b err="no way"',
    ],
    ['level=error msg=bad', null, 'error', null, null, 'bad'],
  ],
  'klog and glog': [
    [
      'I0102 15:04:05.123456   1234 file.go:12] msg is here',
      '2026-01-02T15:04:05.123Z',
      'info',
      null,
      'file.go',
      'msg is here',
    ],
    [
      'E0102 15:04:05.123456       1 controller.go:114] "Unhandled Error" err="x"',
      '2026-01-02T15:04:05.123Z',
      'error',
      null,
      'controller.go',
      '"Unhandled Error" err="x"',
    ],
    [
      '2026-01-01 00:00:00.123456: I tensorflow/core/x.cc:142] msg tf',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      'tensorflow/core/x.cc',
      'msg tf',
    ],
  ],
  Java: [
    [
      '2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.Foo: Created MRAppMaster',
      '2015-10-18T18:01:47.978Z',
      'info',
      null,
      'org.apache.hadoop.Foo',
      'Created MRAppMaster',
    ],
    [
      '2015-10-18 18:01:47,978 INFO [IPC Server handler 0 on 62270] org.apache.hadoop.ipc.Server: IPC: starting',
      '2015-10-18T18:01:47.978Z',
      'info',
      null,
      'org.apache.hadoop.ipc.Server',
      'IPC: starting',
    ],
    [
      '2026-01-01 00:00:00.000  INFO 1234 --- [           main] c.e.Foo                                  : Started Foo in 1 s',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      'c.e.Foo',
      'Started Foo in 1 s',
    ],
    [
      '2026-01-01T00:00:00.000Z ERROR 1234 --- [app] [nio-8080-exec-1] c.e.Foo$Bar : bad',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      'c.e.Foo$Bar',
      'bad',
    ],
    [
      '2026-01-01 00:00:00.000  INFO [app,abc,def] 1234 --- [main] c.e.Foo : x',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      'c.e.Foo',
      'x',
    ],
    [
      '17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]',
      '2017-06-09T20:10:40.000Z',
      'info',
      null,
      'executor.CoarseGrainedExecutorBackend',
      'Registered signal handlers for [TERM, HUP, INT]',
    ],
    ['Jan 01, 2026 12:00:00 AM com.foo.Bar baz', '2026-01-01T00:00:00.000Z', null, null, null, 'com.foo.Bar baz'],
    ['SEVERE: something bad', null, 'error', null, null, 'something bad'],
    [
      '081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block',
      '2008-11-09T20:36:15.000Z',
      'info',
      null,
      'dfs.DataNode$PacketResponder',
      'PacketResponder 1 for block',
    ],
    [
      '2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200',
      '2015-07-29T17:41:44.747Z',
      'info',
      null,
      'FastLeaderElection',
      'Notification time out: 3200',
    ],
    [
      '[2026-01-01T00:00:00,123][INFO ][o.e.n.Node               ] [node-1] started',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      'o.e.n.Node',
      'started',
    ],
    [
      '[2026-01-01T00:00:00,123][INFO ][o.e.c.m.MetadataCreateIndexService] [node-1] [idx/uuid] creating index',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      'o.e.c.m.MetadataCreateIndexService',
      '[idx/uuid] creating index',
    ],
    ['15:04:05.123 [main] INFO c.e.Foo -- msg x', null, 'info', null, 'c.e.Foo', 'msg x'],
    [
      'INFO  [main] 2026-01-01 00:00:00,123 CassandraDaemon.java:484 - Hostname: foo',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      'CassandraDaemon.java',
      'Hostname: foo',
    ],
    [
      '[2026-01-01 00:00:00,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      null,
      '[KafkaServer id=0] started (kafka.server.KafkaServer)',
    ],
    [
      '2026-01-01 00:00:00,123 INFO  [org.jboss.as] (MSC service thread 1-2) WFLYSRV0049: starting',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      'org.jboss.as',
      'WFLYSRV0049: starting',
    ],
    [
      '03-Mar-2026 12:00:00.000 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in 10 ms',
      '2026-03-03T12:00:00.000Z',
      'info',
      null,
      'org.apache.catalina.startup.Catalina.start',
      'Server startup in 10 ms',
    ],
    ['WARN  o.e.Foo - foo bar', null, 'warn', null, 'o.e.Foo', 'foo bar'],
  ],
  'Python, Ruby, PHP, Go, Rust and .NET': [
    [
      '2026-01-01 00:00:00,123 - my.name - ERROR - msg here',
      '2026-01-01T00:00:00.123Z',
      'error',
      null,
      'my.name',
      'msg here',
    ],
    ['ERROR:root:msg here', null, 'error', null, 'root', 'msg here'],
    [
      'WARNING:urllib3.connectionpool:Retrying (Retry(total=2))',
      null,
      'warn',
      null,
      'urllib3.connectionpool',
      'Retrying (Retry(total=2))',
    ],
    [
      '2017-05-16 00:00:04.500 2931 INFO nova.compute.manager [req-3ea4052c-895d-4b64-9e2d-04d64c4d94ab - - - - -] [instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] VM Started (Lifecycle Event)',
      '2017-05-16T00:00:04.500Z',
      'info',
      null,
      'nova.compute.manager',
      '[instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d] VM Started (Lifecycle Event)',
    ],
    ['2017-05-16 00:00:04.500 2931 WARNING nova.x [-] foo', '2017-05-16T00:00:04.500Z', 'warn', null, 'nova.x', 'foo'],
    [
      '2026/01/01 00:00:00 http: TLS handshake error from 1.2.3.4:5: EOF',
      '2026-01-01T00:00:00.000Z',
      null,
      null,
      null,
      'http: TLS handshake error from 1.2.3.4:5: EOF',
    ],
    ['2026/01/01 00:00:00.123456 main.go:12: boom', '2026-01-01T00:00:00.123Z', null, null, 'main.go', 'boom'],
    ['ERROR: 2026/01/01 00:00:00 main.go:12: boom', '2026-01-01T00:00:00.000Z', 'error', null, 'main.go', 'boom'],
    [
      '[2026-01-01 00:00:00,123: INFO/MainProcess] celery@x ready',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      null,
      'celery@x ready',
    ],
    [
      '[2026-01-01 00:00:00 +0000] [1234] [INFO] Listening at',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      null,
      'Listening at',
    ],
    [
      '[2026-01-01T00:00:00Z INFO  crate::module] msg one',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      'crate::module',
      'msg one',
    ],
    [
      '[2026-01-01 00:00:00] production.ERROR: boom {"x":1}',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      'production',
      'boom {"x":1}',
    ],
    [
      '[01-Jan-2026 00:00:00 UTC] PHP Fatal error:  Uncaught Exception: x in /y.php:3',
      '2026-01-01T00:00:00.000Z',
      'fatal',
      null,
      null,
      'PHP Fatal error:  Uncaught Exception: x in /y.php:3',
    ],
    [
      '2026-01-01T00:00:00.000Z\tINFO\tcontroller/x.go:12\tstarting\t{"k": "v"}',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      'controller/x.go',
      'starting\t{"k": "v"}',
    ],
    [
      '2026-01-01T00:00:00.000Z\tERROR\tsetup\tunable to start\t{"k": "v"}',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      'setup',
      'unable to start\t{"k": "v"}',
    ],
    ['INFO[0012] message here   key=value', null, 'info', null, null, 'message here   key=value'],
    [
      'E, [2026-01-01T00:00:00.123456 #1234] ERROR -- progname: msg',
      '2026-01-01T00:00:00.123Z',
      'error',
      null,
      'progname',
      'msg',
    ],
    ['I, [2026-01-01T00:00:00.123456 #1234]  INFO -- : msg', '2026-01-01T00:00:00.123Z', 'info', null, null, 'msg'],
    [
      '2026-01-01 00:00:00.000 | INFO     | module:function:12 - msg',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      'module:function',
      'msg',
    ],
    ['[12:00:00 INF] serilog msg', null, 'info', null, null, 'serilog msg'],
    [
      '2026-01-01 00:00:00.000 +00:00 [ERR] serilog msg',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      null,
      'serilog msg',
    ],
    ['info: Microsoft.Hosting.Lifetime[0]', null, 'info', null, null, 'Microsoft.Hosting.Lifetime[0]'],
    ['[I 2026-01-01 00:00:00.000 ServerApp] hello', '2026-01-01T00:00:00.000Z', 'info', null, 'ServerApp', 'hello'],
  ],
  databases: [
    ['1:M 01 Jan 2026 00:00:00.000 # Server started', '2026-01-01T00:00:00.000Z', 'warn', null, null, 'Server started'],
    ['1:M 01 Jan 2026 00:00:00.000 * Ready', '2026-01-01T00:00:00.000Z', 'info', null, null, 'Ready'],
    [
      '[4018] 14 Nov 07:01:22.119 * Background saving terminated',
      '2025-11-14T07:01:22.119Z',
      'info',
      null,
      null,
      'Background saving terminated',
    ],
    [
      '2026-01-01T00:00:00.000000Z 0 [ERROR] [MY-010119] [Server] Aborting',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      'Server',
      'Aborting',
    ],
    ['2026-01-01  0:00:00 140 [Note] InnoDB: done', '2026-01-01T00:00:00.000Z', 'info', null, 'InnoDB', 'done'],
    ['2026-01-01 00:00:00 0 [Warning] foo', '2026-01-01T00:00:00.000Z', 'warn', null, null, 'foo'],
    [
      '2026-01-01 00:00:00.123 UTC [1234] LOG:  database system is ready',
      '2026-01-01T00:00:00.123Z',
      'info',
      null,
      null,
      'database system is ready',
    ],
    [
      '2026-01-01 00:00:00.123 UTC [1234] user@db ERROR:  relation "x" does not exist',
      '2026-01-01T00:00:00.123Z',
      'error',
      null,
      'user@db',
      'relation "x" does not exist',
    ],
    [
      '2026-01-01 00:00:00 CET [1234]: [1-1] user=x,db=y,app=[unknown],client=1.2.3.4 FATAL:  no',
      '2025-12-31T23:00:00.000Z',
      'fatal',
      null,
      null,
      'no',
    ],
    [
      '2026-01-01T00:00:00.000+0000 I NETWORK  [conn1] received client metadata',
      '2026-01-01T00:00:00.000Z',
      'info',
      null,
      'NETWORK',
      'received client metadata',
    ],
  ],
  'kernels, containers and telephones': [
    ['web-1  | 2026-01-01T00:00:00Z ERROR x', '2026-01-01T00:00:00.000Z', 'error', null, 'web-1', 'x'],
    ['web_1  | plain words', null, null, null, 'web_1', 'plain words'],
    ['[  123.456789] usb 1-1: new device', null, null, null, null, 'usb 1-1: new device'],
    ['[    0.000000] Linux version 5', null, null, null, null, 'Linux version 5'],
    ['<6>[   12.345678] foo bar', null, 'info', null, null, 'foo bar'],
    [
      '2026-01-01T00:00:00.123456789Z stderr F msg of mine',
      '2026-01-01T00:00:00.123Z',
      null,
      null,
      null,
      'msg of mine',
    ],
    [
      '2026-01-01T00:00:00.123456789Z stdout F 2026-01-01 00:00:00,123 ERROR x.Y: inner',
      '2026-01-01T00:00:00.123Z',
      'error',
      null,
      'x.Y',
      'inner',
    ],
    [
      '03-17 16:13:38.811  1702  2395 D WindowManager: printFreezing x',
      '2025-03-17T16:13:38.811Z',
      'debug',
      null,
      'WindowManager',
      'printFreezing x',
    ],
    [
      '03-17 16:13:38.811  1702  2395 E AndroidRuntime: FATAL EXCEPTION: main',
      '2025-03-17T16:13:38.811Z',
      'error',
      null,
      'AndroidRuntime',
      'FATAL EXCEPTION: main',
    ],
    ['D/Tag( 1234): brief', null, 'debug', null, 'Tag', 'brief'],
  ],
  'Windows and others': [
    [
      '2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack',
      '2016-09-28T04:30:30.000Z',
      'info',
      null,
      'CBS',
      'Loaded Servicing Stack',
    ],
    [
      '2016-09-28 04:30:31, Info                  CSI    00000001@2016/9/27:20:30:31.455 WcpInitialize',
      '2016-09-28T04:30:31.000Z',
      'info',
      null,
      'CSI',
      '00000001@2016/9/27:20:30:31.455 WcpInitialize',
    ],
    [
      '20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579',
      '2017-12-23T22:15:29.606Z',
      null,
      null,
      'Step_LSC',
      'onStandStepChanged 3579',
    ],
    ['20171224-0:12:10:7|Step_LSC|30002312|x=1|2', '2017-12-24T00:12:10.007Z', null, null, 'Step_LSC', 'x=1|2'],
    [
      '[10.30 16:49:06] chrome.exe - proxy.cse.cuhk.edu.hk:5070 close',
      '2025-10-30T16:49:06.000Z',
      null,
      null,
      'chrome.exe',
      'proxy.cse.cuhk.edu.hk:5070 close',
    ],
    [
      '[10.30 16:49:06] chrome.exe *64 - proxy.cse.cuhk.edu.hk:5070 close',
      '2025-10-30T16:49:06.000Z',
      null,
      null,
      'chrome.exe',
      'proxy.cse.cuhk.edu.hk:5070 close',
    ],
  ],
  'stamps, levels, and what is neither': [
    ['2026-01-01T00:00:00Z ERROR [TERM] received', '2026-01-01T00:00:00.000Z', 'error', null, null, '[TERM] received'],
    ['2026-01-01T00:00:00Z INFO a@b.c - in', '2026-01-01T00:00:00.000Z', 'info', null, null, 'a@b.c - in'],
    ['2026-01-01T00:00:00Z 12345 items done', '2026-01-01T00:00:00.000Z', null, null, null, '12345 items done'],
    ['2026-01-01T00:00:00Z worker started: x', '2026-01-01T00:00:00.000Z', null, null, null, 'worker started: x'],
    ['2026-01-01T00:00:00+02:00 starting up: x', '2025-12-31T22:00:00.000Z', null, null, null, 'starting up: x'],
    ['2026-01-01T00:00:00Z ERROR', '2026-01-01T00:00:00.000Z', 'error', null, null, ''],
    ['  indented words', null, null, null, null, '  indented words'],
    [
      '2026-01-01T00:00:00Z ERROR something failed',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      null,
      'something failed',
    ],
    ['2026-01-01T00:00:00.123456789+02:00 WARN disk low', '2025-12-31T22:00:00.123Z', 'warn', null, null, 'disk low'],
    ['2026-01-01 00:00:00,123 INFO ready', '2026-01-01T00:00:00.123Z', 'info', null, null, 'ready'],
    ['[2026-01-01 00:00:00,123] ERROR ready now', '2026-01-01T00:00:00.123Z', 'error', null, null, 'ready now'],
    ['[2026-01-01T00:00:00.000Z] error: cannot open', '2026-01-01T00:00:00.000Z', 'error', null, null, 'cannot open'],
    ['20260101T150405Z INFO hi', '2026-01-01T15:04:05.000Z', 'info', null, null, 'hi'],
    ['error: file not found', null, 'error', null, null, 'file not found'],
    ["Error: Cannot find module 'x'", null, 'error', null, null, "Error: Cannot find module 'x'"],
    ['ERROR java.io.IOException: Broken pipe', null, 'error', null, null, 'java.io.IOException: Broken pipe'],
    [
      '2026-01-01 00:00:00 ERROR java.io.IOException: Broken pipe',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      null,
      'java.io.IOException: Broken pipe',
    ],
    ['2026-01-01 00:00:00 Failed to open: foo', '2026-01-01T00:00:00.000Z', null, null, null, 'Failed to open: foo'],
    ['2026-01-01 00:00:00 the ERROR was', '2026-01-01T00:00:00.000Z', null, null, null, 'the ERROR was'],
    ['INFO [1/5] step', null, 'info', null, null, '[1/5] step'],
    ['2026-01-01 ERROR foo', null, null, null, null, '2026-01-01 ERROR foo'],
    ['1700000000.123 x y', '2023-11-14T22:13:20.123Z', null, null, null, 'x y'],
    ['ERROR [404] not found', null, 'error', null, null, '[404] not found'],
    [
      '2026-01-01T00:00:00.000Z [error] [auth] failed to login',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      'auth',
      'failed to login',
    ],
    [
      '2026-01-01T00:00:00Z\t4b2b3c4d-aaaa-bbbb-cccc-1234567890ab\tERROR\tlambda msg',
      '2026-01-01T00:00:00.000Z',
      'error',
      null,
      null,
      'lambda msg',
    ],
    ['[error] foo', null, 'error', null, null, 'foo'],
    ['2026-13-01T00:00:00Z ERROR x', null, null, null, null, '2026-13-01T00:00:00Z ERROR x'],
    ['2026-01-01 00:00:00 [worker] something', '2026-01-01T00:00:00.000Z', null, null, 'worker', 'something'],
    ['2026-01-01 00:00:00 worker-1 ERROR thing', '2026-01-01T00:00:00.000Z', 'error', null, 'worker-1', 'thing'],
    ['2026-01-01 00:00:00 10.0.0.1 GET /x 500', '2026-01-01T00:00:00.000Z', null, null, null, '10.0.0.1 GET /x 500'],
  ],
}

const corpus = Object.values(rows).flatMap((group) => group.map(([text]) => text))

describe.each(Object.entries(rows))('%s', (_, group) => {
  it.each(group)('%s', (text, time, level, host, component, message) => {
    expect(read(text)).toEqual({ time: time === null ? null : Date.parse(time), level, host, component, message })
  })
})

/** The time of a stamp before a message. */
function timeOf(stamp: string, reference = referenceTime): string | null {
  const { time } = createLineReader({ referenceTime: reference })(`${stamp} ERROR x`)
  return time === null ? null : new Date(time).toISOString()
}

describe('a stamp', () => {
  it.each([
    ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.6Z', '2026-01-02T03:04:05.600Z'],
    ['2026-01-02T03:04:05,67Z', '2026-01-02T03:04:05.670Z'],
    ['2026-01-02T03:04:05.6789+01:30', '2026-01-02T01:34:05.678Z'],
    ['2026-01-02T03:04:05-0800', '2026-01-02T11:04:05.000Z'],
    ['2026-01-02 03:04:05+00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05 +0200', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02 03:04:05 PST', '2026-01-02T11:04:05.000Z'],
    ['2026-01-02T03:04', '2026-01-02T03:04:00.000Z'],
    ['2026/1/2 3:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026.01.02 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['01/02/2026 3:04:05 PM', '2026-01-02T15:04:05.000Z'],
    ['01/02/2026 12:04:05 AM', '2026-01-02T00:04:05.000Z'],
    ['31/12/2025 03:04:05', '2025-12-31T03:04:05.000Z'],
    ['02.01.2026 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['[02/Jan/2026:03:04:05 +0000]', '2026-01-02T03:04:05.000Z'],
    ['Fri, 02 Jan 2026 03:04:05 GMT', '2026-01-02T03:04:05.000Z'],
    ['Fri Jan  2 03:04:05 UTC 2026', '2026-01-02T03:04:05.000Z'],
    ['1767323045.123', '2026-01-02T03:04:05.123Z'],
    ['1767323045123', '2026-01-02T03:04:05.123Z'],
    ['2024-02-29 00:00:00', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29 00:00:00', '2000-02-29T00:00:00.000Z'],
  ])('%s', (stamp, time) => expect(timeOf(stamp)).toBe(time))

  it.each([
    ...[
      '2026-13-01 00:00:00',
      '2026-00-01 00:00:00',
      '2026-01-32 00:00:00',
      '2026-02-29 00:00:00',
      '1900-02-29 00:00:00',
    ],
    ...[
      '2026-01-01 24:00:00',
      '2026-01-01 00:60:00',
      '2026-01-01 00:00:61',
      '2026-01-01x00:00:00',
      '2026-01-01 00:00:00x',
    ],
    ...[
      '2026/01-01 00:00:00',
      '10.251.73.220:50010',
      '1234567890',
      '12345678901234567890',
      'Feb 30 00:00:00 h',
      'Foo 01 00:00:00 h',
    ],
    ...['261301 00:00:00', '20261301-00:00:00', '0:10 PM', '1.2.3', '2026-01-01'],
  ])('%s is none', (stamp) => expect(timeOf(stamp)).toBeNull())

  it('without a year is put into the latest in which it is not more than a day ahead', () => {
    const noon = Date.UTC(2026, 0, 1, 12)
    expect(timeOf('Jan  1 23:00:00 h', noon)).toBe('2026-01-01T23:00:00.000Z')
    expect(timeOf('Jan  2 12:00:00 h', noon)).toBe('2026-01-02T12:00:00.000Z')
    expect(timeOf('Jan  2 12:00:01 h', noon)).toBe('2025-01-02T12:00:01.000Z')
    expect(timeOf('Dec 31 23:00:00 h', noon)).toBe('2025-12-31T23:00:00.000Z')
    expect(timeOf('Jan  1 01:00:00 h', Date.UTC(2025, 11, 31, 12))).toBe('2026-01-01T01:00:00.000Z')
    expect(timeOf('Feb 29 01:00:00 h', noon)).toBe('2024-02-29T01:00:00.000Z')
    expect(timeOf('Feb 29 01:00:00 h', Date.UTC(1903, 5, 1))).toBeNull()
  })

  it('is read as Date reads it', () => {
    const date = fc.date({
      min: new Date(Date.UTC(1950, 0, 1)),
      max: new Date(Date.UTC(2150, 0, 1)),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(date, (time) => {
        expect(timeOf(time.toISOString())).toBe(time.toISOString())
        const second = new Date(Math.floor(time.getTime() / 1000) * 1000).toISOString()
        expect(timeOf(time.toUTCString())).toBe(second)
      }),
    )
  })
})

const units = [
  '0',
  '9',
  '[',
  ']',
  '[[',
  ' ',
  '\t',
  '"',
  '\\',
  '{',
  '{"a":',
  '=',
  'a=',
  'a=" ',
  '<',
  '-',
  ' - ',
  '|',
  'a|',
  ':',
  'a.',
  'a:',
  '1 ',
  '(',
  '#0',
  'ERROR ',
]
const hostile = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(...corpus),
  fc
    .tuple(fc.constantFrom(...corpus), fc.nat(200), fc.string({ maxLength: 5 }))
    .map(([text, cut, more]) => text.slice(0, cut) + more),
  fc
    .tuple(fc.constantFrom(...corpus), fc.constantFrom(...corpus), fc.nat(80))
    .map(([a, b, cut]) => a.slice(0, cut) + b.slice(cut)),
  fc
    .array(fc.constantFrom(...units, 'INFO', '2026-01-01T00:00:00Z', 'Jan  1 00:00:00', 'a.b.C', 'x[1]:', 'msg='), {
      maxLength: 12,
    })
    .map((parts) => parts.join(' ')),
)

describe('any line', () => {
  it('is read, and its message is a part of it unless it is decoded', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { message, time, level } = read(text)
        const isDecoded = /\{|=|\[\d\d\/[A-Za-z]{3}\/\d{4}/.test(text)
        if (!isDecoded) expect(text).toContain(message)
        if (time !== null) expect(Number.isSafeInteger(time)).toBe(true)
        if (time === null && level === null && !/\d/.test(text) && !isDecoded) expect(message).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it('says the same whatever lines came before', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 20 }), hostile, (before, text) => {
        const reader = createLineReader({ referenceTime })
        for (const line of before) reader(line)
        expect(reader(text)).toEqual(createLineReader({ referenceTime })(text))
      }),
      { numRuns: 300 },
    )
  })

  it('of a million characters takes no long time', () => {
    const began = performance.now()
    const fronts = [
      '',
      '2026-01-01T00:00:00Z ',
      '2026-01-01T00:00:00Z ERROR ',
      'Jan  1 00:00:00 ',
      'level=info ',
      '{"msg":"',
      '1.2.3.4 - - [',
    ]
    for (const unit of units) for (const front of fronts) read(front + unit.repeat(1_000_000 / unit.length))
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  it('keeps the end of a long message', () => {
    const message = 'x '.repeat(5000).trim()
    expect(read(`2026-01-01T00:00:00Z ERROR ${message}`).message).toBe(message)
    expect(read(`{"level":"error","msg":"${message}"}`).message).toBe(message)
  })
})
