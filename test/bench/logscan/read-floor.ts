import { openSync, readSync } from 'node:fs'

// A process of its own: nothing that reads the whole log in Node can be faster. Argument: the log.

const chunk = Buffer.alloc(1 << 20)
const file = openSync(process.argv[2]!, 'r')
while (readSync(file, chunk) > 0);
