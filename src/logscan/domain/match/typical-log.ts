/** What logs usually look like, to judge by how often bytes stand in one that cannot be sampled. */
export const typicalLog = `2026-01-14T09:21:33.482Z INFO  [http-nio-8080-exec-3] com.example.orders.OrderService - Order 48213 accepted in 12 ms
2026-01-14T09:21:33.510Z DEBUG [pool-2-thread-7] com.example.cache.RedisCache - get user:77120 hit=true took 0.4 ms
Jan 14 09:21:34 web-03 sshd[24200]: Accepted publickey for deploy from 10.0.12.7 port 50422 ssh2
192.168.4.21 - - [14/Jan/2026:09:21:34 +0000] "GET /api/v1/items?page=2&sort=created HTTP/1.1" 200 5120 "-" "Mozilla/5.0 (X11; Linux x86_64)"
{"level":"info","time":"2026-01-14T09:21:34.912Z","pid":31,"hostname":"api-1","msg":"request completed","status":200,"durationMs":31.7}
time=2026-01-14T09:21:35Z level=info msg="reconciled object" controller=deployment namespace=default name=web generation=4
I0114 09:21:35.120331    1234 controller.go:217] Started worker queue="sync" count=3 elapsed="1.2ms"
2026/01/14 09:21:36 [notice] 29#29: signal 17 (SIGCHLD) received from 41
`
