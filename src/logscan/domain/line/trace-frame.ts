import * as char from './char-codes.ts'

/** Frames are read from this many characters of a line. */
const frameMax = 1024

export function isFrame(line: string): boolean {
  const from = char.skipBlanks(line, 0, line.length)
  switch (line.charCodeAt(from)) {
    case 97: // a
      return line.startsWith('at ', from) && isPlace(line.slice(from, from + frameMax))
    case 70: // F
      return from > 0 && line.startsWith('File "', from)
    case 102: // f
      return from > 0 && line.startsWith('from ', from)
    case char.hash:
      return char.isDigit(line.charCodeAt(from + 1))
    case char.slash:
      return from > 0 && line.slice(0, frameMax).includes('.go:')
    default:
      return char.isDigit(line.charCodeAt(from)) && /^\s+\d+: +\S/.test(line.slice(0, 64))
  }
}

/** "At the end" is no frame: they all have arguments, or a line and a column. */
function isPlace(text: string): boolean {
  return text.includes('(') || /:\d+:\d+\r?$/.test(text)
}

/** What Node prints above an uncaught error: a script, and the number of its line. */
export function isSourceOfNode(line: string): boolean {
  if (line.length > frameMax) return false
  return /^(?:\/|file:|node:|[A-Za-z]:\\)\S*:\d+\r?$/.test(line)
}

/**
 * A frame without what differs between two builds of one program: numbers of lines, addresses, the counters of lambdas and
 * closures, hashes of modules, and the directory where it is installed. Null for a line that is no frame.
 */
export function frameOf(text: string): string | null {
  const line = text.slice(0, frameMax).trim()
  if (line.startsWith('at ')) return atFrame(line.slice(3))
  if (line.startsWith('File "')) return pythonFrame(line)
  if (line.startsWith('from ')) return rubyFrame(line.slice(5))
  if (line.startsWith('#')) return phpFrame(line)
  return null
}

/** Java, JavaScript and .NET all begin with `at`; their places tell them apart. */
function atFrame(line: string): string | null {
  const open = line.lastIndexOf('(')
  const place = open < 0 ? '' : line.slice(open + 1, line.lastIndexOf(')'))
  if (isScript(place)) return scriptFrame(line.slice(0, open).trim(), place)
  if (open < 0) return isScript(line) ? scriptFrame('', line) : withoutCounters(line)
  if (line.startsWith('async ') || place.startsWith('index ')) return scriptFrame(line.slice(0, open).trim(), '')
  const name = line.slice(0, line.indexOf('('))
  // Java 9 puts loader and module before the class.
  const dollar = name.indexOf('$')
  const slashAt = name.lastIndexOf('/', dollar < 0 ? name.length : dollar)
  return withoutCounters(name.slice(slashAt + 1).trim()) || null
}

/** `path:12:34`, `native`, `<anonymous>`. */
function isScript(place: string): boolean {
  return /:\d+:\d+$/.test(place) || place === '<anonymous>' || place.startsWith('node:')
}

function scriptFrame(call: string, place: string): string {
  const name = call.replace(/^async /, '').replace(/ \[as .*$/, '')
  const file = place
    .replace(/:\d+:\d+$/, '')
    .replace(/[?#].*$/, '')
    .replace(/^async /, '')
  const script = file.startsWith('node:') ? file : withoutHash(baseName(file))
  if (name === '') return script
  return script === '' || script === '<anonymous>' ? name : `${name} (${script})`
}

function pythonFrame(line: string): string {
  const end = line.indexOf('"', 6)
  const file = line.slice(6, end < 0 ? undefined : end)
  const inAt = line.indexOf(', in ', end)
  const base = baseName(file) === '__init__.py' ? file.split(/[\\/]/).slice(-2).join('/') : baseName(file)
  return inAt < 0 ? base : `${line.slice(inAt + 5)} (${base})`
}

/** `/app/x.rb:12:in 'Foo#bar'`, with a backtick before Ruby 3.4. */
export function rubyFrame(line: string): string | null {
  const place = /^([^:]*\.(?:rb|erb|rake|ru)):\d+/.exec(line)
  if (place === null) return null
  const inAt = line.indexOf(':in ')
  if (inAt < 0) return baseName(place[1] as string)
  const start = inAt + 5
  const end = line.indexOf("'", start)
  const name = line.slice(start, end < 0 ? undefined : end).replace(/ \(\d+ levels\)/, '')
  return `${name} (${baseName(place[1] as string)})`
}

/** `#0 /app/x.php(12): Foo->bar('a')`; `{main}` is the same in all programs. */
function phpFrame(line: string): string | null {
  const callAt = line.indexOf(': ')
  if (callAt < 0) return null
  const place = line.slice(line.indexOf(' ') + 1, callAt).replace(/\(\d+\)$/, '')
  const call = line.slice(callAt + 2)
  const open = call.indexOf('(')
  const name = (open < 0 ? call : call.slice(0, open)).replace(/\{closure:[^}]*\}/, '{closure}')
  return place.startsWith('[') ? name : `${name} (${baseName(place)})`
}

/** `main.(*T).run(0xc000, 0x1)`; numbers of closures go. */
export function goFrame(line: string): string {
  const name = line.replace(/^created by /, '').replace(/ in goroutine \d+$/, '')
  const open = name.lastIndexOf('(')
  const call = open > 0 && name.endsWith(')') ? name.slice(0, open) : name
  return call.replace(/\.func\d+(?:\.\d+)*/g, '.func').replace(/\[\.\.\.\]/g, '')
}

/** `3: app::run::h0123456789abcdef`. */
export function rustFrame(line: string): string {
  return line
    .trim()
    .replace(/^\d+: +/, '')
    .replace(/^0x[0-9a-f]+ - /, '')
    .replace(/::h[0-9a-f]{16}$/, '')
    .trim()
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** `main.3f2a1b9c.js` and `chunk-3F2A1B9C.js` are one file in two builds. */
function withoutHash(file: string): string {
  return file.replace(/[.-](?=[0-9A-Za-z_]*\d)[0-9A-Za-z_]{6,32}(?=\.[cm]?[jt]sx?$)/, '')
}

/** Of lambdas, proxies and accessors that compilers and class loaders number. */
function withoutCounters(name: string): string {
  return name
    .replace(/\$\$Lambda[^.]*/, '$$$$Lambda')
    .replace(/\$\$(EnhancerBy\w+?|FastClassBy\w+?|SpringCGLIB)\$\$[0-9a-f]+/, '$$$$$1')
    .replace(/lambda\$(\w+?)\$\d+/, 'lambda$$$1')
    .replace(/((?:Accessor|Proxy|DisplayClass)\$?)\d+(?:_\d+)?/, '$1')
    .replace(/([bdg]__)[\w|]*\d+(?:_\d+)*/g, '$1')
}
