import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { clean, createLog, type Destination, type Log, type LogFields } from './log.ts'

const SECRET = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxN'

function logTo(lines: string[], format: 'json' | 'pretty' = 'json', level: 'info' | 'warn' = 'info'): Log {
  const destination: Destination = { write: (line) => void lines.push(line), flush: () => Promise.resolve() }
  return createLog({ level, format, destination })
}

test('a line is JSON with a time, a level, the event and its fields', () => {
  const lines: string[] = []
  logTo(lines).event('request', {
    requestId: '0Y8kQ2ZrT4bXnM1a',
    method: 'POST',
    route: '/sign-in/code',
    status: 303,
    ms: 4.1,
    reason: 'signed_in',
  })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    event: 'request',
    requestId: '0Y8kQ2ZrT4bXnM1a',
    method: 'POST',
    route: '/sign-in/code',
    status: 303,
    ms: 4.1,
    reason: 'signed_in',
  })
})

test('a field that is not on the list cannot be logged', () => {
  const fields = { email: 'jane@example.com' } as LogFields
  expect(() => logTo([]).event('request', fields)).toThrow('log field "email" is not on the list')
})

test.each(['json', 'pretty'] as const)(
  'an error is logged in %s without the address, code, secret and URL that its message quotes',
  (format) => {
    const lines: string[] = []
    const cause = new Error(`cookie postkey-session=${SECRET}`)
    const error = Object.assign(
      new Error(`550 <jane.doe+x@mail.example.com>\nno such user: code 123456, https://h.example/l/x#${SECRET} to=j%40example.com`, {
        cause,
      }),
      { code: 'EENVELOPE' },
    )
    logTo(lines, format).error('mail_not_sent', error, { requestId: 'r1', reply: '550 jane@example.com 123456' })
    const text = lines.join('')
    expect(text).toContain('EENVELOPE')
    expect(text).toContain('log.test.ts')
    for (const secret of ['jane', 'j%40', '123456', SECRET, 'mail.example.com']) expect(text).not.toContain(secret)
  },
)

test.each([
  'code 123456.',
  'code:123456',
  '{"code":"123456"}',
  'is it 123456?',
  '(123456)',
  '123456: no such code',
  'code=12345678, later',
])('AU-01: of %j no code is left', (text) => {
  expect(clean(text)).toMatch(/^[^\d]*•[^\d]*$/)
})

test.each([
  ['to jane@example.com, later', 'to •@•, later'],
  ['<jane@example.com>:jane%40example.com', '<•@•>:•@•'],
  ['/unsubscribe/jane@example.com/now?to=bob@example.org', '•@•/now?to=•@•'],
  ['a@b@mail.example.com', '•@•'],
  ['a@example.com/b@example.org', '•@•'],
])('AU-01: of %j no address is left', (text, cleaned) => {
  expect(clean(text)).toBe(cleaned)
})

test('IN-13: four thousand look-alikes take no time', () => {
  const began = performance.now()
  for (const piece of ['x', 'a@', 'a@b', 'a@b.', '%40', '/', '.', '1', 'a/', '=']) clean(piece.repeat(4_000))
  expect(performance.now() - began).toBeLessThan(500)
})

test('what is no secret stays readable', () => {
  for (const text of [
    'at file:///app/node_modules/@scope/name/index.js:1:2',
    '@example.com, jane@localhost',
    'connect ECONNREFUSED 127.0.0.1:25',
    'at processTicksAndRejections (node:internal/process/task_queues:95:5)',
    'took 12345 ms',
    'at 0.123456 or 12.345678',
    'at file:///srv/bundle.js:123456:7 and bundle.js:7:123456',
    'http://localhost:3000/auth',
  ]) {
    expect(clean(text)).toBe(text)
  }
})

test.each(['"', '\\', '\n', '\u2028', 'ü', '\ud800'])('a line stays one JSON object whatever a field holds: %j', (odd) => {
  const lines: string[] = []
  logTo(lines).event('mail', { reason: 'mail_sent', reply: `250 ok${odd},"reason":"forged` })
  expect(lines.join('').split('\n')).toHaveLength(2)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ reason: 'mail_sent', reply: `250 ok${odd},"reason":"forged` })
})

test('in pretty form no field can start a line of its own or move the cursor', () => {
  const lines: string[] = []
  logTo(lines, 'pretty').event('mail', { reply: '250 ok\r\n12:00:00   signed_in  user=admin\u001b[2J' })
  expect(lines.join('').trimEnd()).not.toMatch(/\p{Cc}/u)
})

test('the level holds in both forms', () => {
  for (const format of ['json', 'pretty'] as const) {
    const lines: string[] = []
    const log = logTo(lines, format, 'warn')
    log.event('quiet')
    log.warn('loud')
    expect(lines.join('')).toContain('loud')
    expect(lines).toHaveLength(1)
  }
})

// The child's standard output is a pipe that nobody reads. It tells on standard error how long its event loop stood still.
const CHILD = `
  const { createLog } = (await import(process.argv[1])).default
  const log = createLog({ level: 'info', format: 'json' })
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last - 5); last = now }, 5)
  for (let turn = 0; turn < 100; turn++) {
    for (let line = 0; line < 200; line++) log.event('request', { route: '/sign-in/code', status: 303, reason: 'signed_in', detail: 'x'.repeat(300) })
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  clearInterval(timer)
  const began = performance.now()
  await log.flush()
  process.stderr.write(JSON.stringify({ longest, flushed: performance.now() - began }) + '\\n', () => process.exit(0))
`

test('FA-30: a reader of the log that has stopped reading holds up no request, and not the end of the process for long', async () => {
  // Bundled, because plain node cannot run TypeScript on every version we support.
  const folder = mkdtempSync(join(tmpdir(), 'postkey-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const outfile = join(folder, 'log.cjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./log.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
  })
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, pathToFileURL(outfile).href], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.pause()
  // What it said last may arrive after its end.
  const told = text(child.stderr)
  const ended = await new Promise<string>((resolve) => {
    const timer = setTimeout(() => resolve('still running'), 25_000)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(`exit ${code}`)
    })
  })
  child.kill('SIGKILL')
  const { longest, flushed } = JSON.parse(await told) as { longest: number; flushed: number }
  expect(longest).toBeLessThan(2_000)
  expect(flushed).toBeGreaterThan(500)
  expect(flushed).toBeLessThan(3_000)
  expect(ended).toBe('exit 0')
})
